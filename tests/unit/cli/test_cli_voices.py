"""Voices on the command line: who tells them apart, and how they look."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from emovec_db.cli.search_view import match_table
from emovec_db.cli.timeline_view import timeline_view
from emovec_db.domain.query import Match
from emovec_db.domain.segmentation import LeftOut, Segment
from emovec_db.domain.timeline import Timeline
from tests.unit.cli.conftest import Run
from tests.unit.cli.fakes import FakeDatabase, utterance


def shown(view: object) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


BOTH = Timeline(
    (
        utterance(1, start_s=0.0, end_s=3.0, voice="A"),
        utterance(2, start_s=4.0, end_s=5.0, voice="B"),
        utterance(3, start_s=7.0, end_s=9.0, voice="A"),
    )
)


def test_a_timeline_tells_whose_each_utterance_is_and_marks_where_several_speak() -> None:
    left_out = LeftOut(silence_s=1.0, fragments_s=0.4, overlaps=(Segment(5.0, 7.0),))
    said = lines(shown(timeline_view(BOTH, left_out)))
    reasons = "1.0 s of silence, 2.0 s of several voices at once, 0.4 s of words too short to stand alone"
    assert said[0] == f"3 utterances, 6.0 s; left out: {reasons}"
    voices = [line for line in said if line.startswith("Voice")]
    assert voices == ["Voice A, 5.0 s: 😐 neutral 65.0 %", "Voice B, 1.0 s: 😐 neutral 65.0 %"]
    header = said.index("utterance from to voice emotion confidence")
    assert [line.split()[:4] for line in said[header + 1 :]] == [
        ["1", "0:00.0", "0:03.0", "A"],
        ["2", "0:04.0", "0:05.0", "B"],
        ["0:05.0", "0:07.0", "several", "voices"],
        ["3", "0:07.0", "0:09.0", "A"],
    ]


def test_where_voices_are_not_told_apart_nothing_is_said_of_them() -> None:
    plain = Timeline((utterance(1), utterance(2, start_s=3.0, end_s=4.0)))
    assert "oice" not in shown(timeline_view(plain, LeftOut()))
    one = Timeline((utterance(1, voice="A"), utterance(2, start_s=3.0, end_s=4.0, voice="A")))
    assert "Voice" not in shown(timeline_view(one, LeftOut())), "one voice's summary is the recording's"


@pytest.mark.parametrize(("voice", "where"), [("B", "0:00 – 0:03, B"), (None, "0:00 – 0:03  ")])
def test_a_match_tells_whose_it_is(voice: str | None, where: str) -> None:
    from datetime import UTC

    assert where in shown(match_table([[Match(utterance(voice=voice), 0.5)]], UTC))


def test_the_diarizer_reaches_the_database(run: Run, database: FakeDatabase) -> None:
    run("ingest", "a", "--diarize", "campplus", "--voices", "2", "--forbid-role", "other")
    wished = {"segmentation": None, "clean": None, "diarize": "campplus", "voices": 2}
    created, _, (_, _, asked) = database.asked
    assert created == ("create", (), wished)
    assert {name: asked[name] for name in wished} == wished


def test_classify_takes_it_too_but_for_a_collection(run: Run, database: FakeDatabase) -> None:
    run("classify", "a.wav", "--diarize", "pyannote")
    said = {"frames": False, "channel": "mix", "diarize": "pyannote"}
    assert database.asked == [("classify", (Path("a.wav"),), said)]
    for options in (["--diarize", "campplus"], ["--voices", "2"]):
        refused = run("classify", "a.wav", *options, "--collection", "calls")
        assert refused.code == 2
        assert "give --diarize and --voices without --collection" in refused.err
