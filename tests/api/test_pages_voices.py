"""Whose voice it is, said wherever an utterance is shown."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from emovec_db.domain.policy import Policy
from emovec_db.domain.segmentation import Segment
from emovec_db.domain.timeline import Timeline
from tests.api.requests import Api
from tests.api.test_api_drafts import made, two_tones
from tests.stored import PROVENANCE, embedding, recording, utterance

SAID = {
    "en": {
        ("agent", "left", None): ["agent", "left channel"],
        ("customer", "right", "B"): ["customer", "right channel", "voice B"],
        (None, "3", None): ["channel 3"],
        (None, "mix", "A"): ["voice A"],
        (None, "mix", None): [],
    },
    "zh": {
        ("agent", "left", None): ["坐席", "左声道"],
        ("customer", "right", "B"): ["客户", "右声道", "说话声 B"],
        (None, "3", None): ["声道 3"],
        (None, "mix", "A"): ["说话声 A"],
        (None, "mix", None): [],
    },
}


@pytest.fixture
def calls(api: Api) -> list[tuple[str | None, str, str | None]]:
    """One recording for each case, in the order in which they are stored; all of them amara's."""
    api.stored_id(two_tones(), "first.wav", customer="amara")
    with api.database._parts.store.write() as unit:
        collection = unit.collections.get("default")
        dim = collection.generation.encoder.dim
        for number, (role, channel, voice) in enumerate(SAID["en"]):
            spoken = replace(utterance(number), embedding=embedding(number, dim), voice=voice)
            new = recording(f"call-{number}", utterances=[spoken], channel=channel, role=role, customer="amara")
            unit.recordings.add(collection, new, PROVENANCE)
    return list(SAID["en"])


@pytest.mark.parametrize("language", list(SAID))
@pytest.mark.parametrize("page", ["/search?like=1", "/customers/amara"])
def test_cards_say_whose_voice_it_is(
    api: Api, calls: list[tuple[str | None, str, str | None]], language: str, page: str
) -> None:
    text = api.client.get(page, headers={"Accept-Language": language}).text
    said = {}
    for card in re.findall(r'<p class="origin small">.*?</p>', text, re.DOTALL):
        name, _times, _customer, *rest = re.findall(r">([^<>]+)</(?:a|span)>", html.unescape(card))
        if name.startswith("call-"):
            said[calls[int(name[5])]] = rest
    assert said == SAID[language]


def test_a_draft_in_which_voices_are_told_apart_says_so(api: Api) -> None:
    drafts = api.database.collection().drafts
    alone = drafts.get(made(api, two_tones())["token"])
    first, *_ = alone.heard.timeline.utterances
    several = [replace(first, start_s=at, end_s=at + 0.5, voice=voice) for at, voice in enumerate("ABA")]
    left_out = replace(alone.heard.left_out, overlaps=(Segment(0.5, 0.8), Segment(1.6, 1.9)))
    heard = replace(alone.heard, timeline=Timeline(tuple(several)), left_out=left_out)
    token = api.database._parts.drafts.keep(replace(alone, heard=heard), Path(__file__), Policy())
    page = api.client.get(f"/drafts/{token}").text
    assert re.findall(r"<td>([AB–])</td>", page) == ["A", "B", "A"]
    assert "0.6 s in which several speak" in page
    assert re.findall(r'class="quiet" data-play-from="([\d.]+)" data-play-to="([\d.]+)"', page) == [
        ("0.5", "0.8"), ("1.6", "1.9"),
    ]  # fmt: skip
    chinese = api.client.get(f"/drafts/{token}", headers={"Accept-Language": "zh"}).text
    assert '<th scope="col">说话声</th>' in chinese
    assert "多人同时说话" in chinese
    assert "说话声</th>" not in api.client.get(f"/drafts/{alone.token}", headers={"Accept-Language": "zh"}).text
