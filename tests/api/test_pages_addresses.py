"""What pages make of their addresses, also of ones that are old or wrong."""

from __future__ import annotations

from tests.api.requests import COLLECTION, Api, wav


def stored_utterance(api: Api, hz: float) -> int:
    recording_id = api.stored_id(wav(hz), f"{hz}.wav", customer="amara")
    return int(api.client.get(f"{COLLECTION}/recordings/{recording_id}").json["utterances"][0]["utterance_id"])


def test_examples_that_are_gone_are_told_and_the_rest_is_searched_by(api: Api) -> None:
    kept, _other = stored_utterance(api, 400), stored_utterance(api, 800)
    response = api.client.get(f"/search?like={kept}&like=99999")
    assert response.status_code == 200
    assert response.text.count("no longer stored") == 1
    assert 'class="card match"' in response.text
    alone = api.client.get("/search?like=99999")
    assert alone.status_code == 200
    assert 'class="card match"' not in alone.text
