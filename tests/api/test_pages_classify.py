"""The pages on which recordings are classified, as far as they need no browser."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.api.app import EmovecApp
from emovec_db.api.pages.examples import EXAMPLES
from emovec_db.api.pages.wording import Wording, second_close
from emovec_db.domain.encoding import Prediction
from emovec_db.emotions import LABELS
from tests.api.requests import COLLECTION, Api, failed, wav
from tests.api.test_api_drafts import made, two_tones
from tests.conftest import ROOT


def prediction(**scores: float) -> Prediction:
    """The named scores; unknown has what is left of 1."""
    return Prediction(
        tuple(scores.get(label, 1 - sum(scores.values()) if label == "unknown" else 0) for label in LABELS)
    )


def shown(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address, headers={"Accept": "text/html"})
    assert response.status_code == status, response.text
    return html.unescape(response.text)


@pytest.mark.parametrize(("scores", "second"), [
    ({"sad": 0.5, "angry": 0.36}, "angry"),
    ({"sad": 0.5, "angry": 0.26}, "angry"),
    ({"sad": 0.6, "angry": 0.25}, None),
    ({"sad": 0.3, "angry": 0.19, "other": 0.17, "happy": 0.17, "neutral": 0.17}, None),
    ({"sad": 0.9}, None),
])  # fmt: skip
def test_the_second_emotion_is_told_when_it_is_close(scores: dict[str, float], second: str | None) -> None:
    assert second_close(prediction(**scores)) == second


@given(st.lists(st.floats(0.001, 1), min_size=9, max_size=9))
def test_a_second_emotion_is_never_the_first_and_never_weak(weights: list[float]) -> None:
    scores = tuple(weight / sum(weights) for weight in weights)
    second = second_close(Prediction(scores))
    if second is not None:
        ranked = sorted(scores)
        assert Prediction(scores).by_label()[second] == ranked[-2] >= 0.2
        assert ranked[-1] - ranked[-2] <= 0.15 or ranked[-2] >= ranked[-1] / 2


@pytest.mark.parametrize(("language", "words"), [("en", "Sad, with anger"), ("zh", "难过，带有生气")])
def test_a_wording_in_words(app: EmovecApp, language: str, words: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        wording = Wording.of(prediction(sad=0.5, angry=0.4))
        assert wording.words == words
        assert "60" in wording.meaning
        meanings = {Wording.of(prediction(sad=score)).meaning for score in (0.3, 0.5999, 0.6, 0.8, 0.81, 1)}
        assert len(meanings) == 3


def test_examples_are_the_samples_and_nothing_else(client: FlaskClient) -> None:
    for number, example in enumerate(EXAMPLES, start=1):
        with client.get(f"/examples/{number}") as response:
            assert response.data == (ROOT / "samples" / example.place).read_bytes()
            assert response.mimetype == example.media_type
    for other in (0, len(EXAMPLES) + 1, -1, "..%2f..%2fpyproject.toml", "amara"):
        failed(client.get(f"/examples/{other}"), 404, "not_found")


def test_a_draft_is_shown_for_what_it_is(api: Api) -> None:
    draft = made(api, two_tones(), "<script>alert(1)<x>.wav", role="customer")
    response = api.client.get(f"/drafts/{draft['token']}", headers={"Accept": "text/html"})
    assert "<script>alert" not in response.text
    assert "<script>alert(1)<x>.wav" in html.unescape(response.text)
    assert response.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(("part", "status", "said"), [
    ("start_s=1&end_s=2", 200, "From 0:01.0 to 0:02.0 alone"),
    ("start_s=1&end_s=3", 200, "is no stretch of the recording"),
    ("start_s=nan&end_s=2", 200, "is no stretch of the recording"),
    ("start_s=1&end_s=inf", 200, "is no stretch of the recording"),
    ("start_s=x&end_s=2", 200, "expected seconds"),
    ("start_s=1&end_s=1.01", 200, "at least 0.2 s"),
    ("start_s=1", 200, "A part of it alone"),
])  # fmt: skip
def test_a_part_of_a_draft(api: Api, part: str, status: int, said: str) -> None:
    token = made(api, two_tones())["token"]
    assert said in shown(api.client, f"/drafts/{token}?{part}", status)


def test_a_part_has_to_wait_its_turn_like_all_that_is_encoded(api: Api, app: EmovecApp) -> None:
    token = made(api, two_tones())["token"]
    with app.extensions["emovec_db"].encoder.place():
        assert "already wait" in shown(api.client, f"/drafts/{token}?start_s=0&end_s=1")


def test_frames_as_a_table_that_stays_small(api: Api) -> None:
    token = made(api, two_tones(), granularity="frame")["token"]
    page = shown(api.client, f"/drafts/{token}")
    rows = re.findall(r'<tr><td class="from-to">(0:0[\d.]+) – (0:0[\d.]+)</td>', page)
    assert len(rows) == 25  # of 100 frames, 4 each
    assert (rows[0][0], rows[-1][1]) == ("0:00.0", "0:02.0")


def test_a_draft_that_is_gone_says_so(api: Api) -> None:
    assert "This result is gone" in shown(api.client, f"/drafts/{'x' * 22}", 404)
    token = made(api, wav(800))["token"]
    assert "This result is gone" in shown(api.client, f"/drafts/{token}?collection=other", 404)
    assert api.client.get(f"{COLLECTION}/drafts/{token}").status_code == 200


def test_a_policy_that_came_later_takes_the_page_too(api: Api) -> None:
    token = made(api, wav(800), role="agent")["token"]
    collection = api.database.collection()
    # as a machine does that shares the database and not the folder of drafts
    api.database._parts.policies.forbid(collection._opened(), "agent", reason="", by=None, delete_existing=False)
    assert "policy forbids" in shown(api.client, f"/drafts/{token}", 403)
    assert "This result is gone" in shown(api.client, f"/drafts/{token}", 404)
    assert "never scores: agent" in shown(api.client, "/")
