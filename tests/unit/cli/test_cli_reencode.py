"""What `reencode` and `generations` ask, and what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from emovec_db.settings import Settings
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_generations import HELD_BACK, UNCHANGED
from tests.unit.cli.fakes import NASTY_SHOWN, FakeDatabase

AIM = {"precision": None, "segmentation": None}


def test_the_aim_is_passed_on(run: Run, database: FakeDatabase) -> None:
    run("reencode", "--to", "./large", "--precision", "bf16", "--segmentation", "windows", "--delete-lost", "3")
    run("reencode", "--to", "large", "--sample", "200", "--seed", "7")
    assert database.asked == [
        ("reencode", ("./large",), {"precision": "bf16", "segmentation": "windows", "delete_lost": 3}),
        ("sample", ("large",), {**AIM, "recordings": 200, "seed": 7}),
    ]


def test_switched_it_tells_what_serves_and_what_was_deleted(run: Run, database: FakeDatabase) -> None:
    shown = run("reencode", "--to", "large", "--collection", "calls").out
    assert "1,200 recordings encoded (1 h 00 min of sound in 1 min 00 s: 20.0 recordings/s" in shown
    assert "serves from generation 2: large\\x1b@2+cdcdcdcdcdcd:bf16, pauses-1" in shown
    assert "Deleted 1 recording" in shown
    assert "emovec generations list --collection calls" in shown
    assert "EMOVEC_ENCODER" not in shown


def test_a_pinned_encoder_is_warned_of(run: Run, database: FakeDatabase) -> None:
    database.settings = Settings(encoder="compact", _env_file=None)
    assert "EMOVEC_ENCODER is compact: unset it, or set it to ./large" in run("reencode", "--to", "large").out
    database.settings = Settings(encoder="./large", _env_file=None)
    assert "EMOVEC_ENCODER" not in run("reencode", "--to", "large").out


def test_held_back_it_names_the_lost_and_the_way_on(run: Run, database: FakeDatabase) -> None:
    database.generations.report = HELD_BACK
    outcome = run("reencode", "--to", "large")
    assert outcome.code == 3
    assert NASTY_SHOWN in outcome.out
    assert "Not switched: 1 recording can't be encoded any more." in outcome.out
    assert "--delete-lost 1 to delete" in outcome.out
    outcome = run("reencode", "--to", "large", "--json")
    assert (outcome.code, outcome.json["outcome"], outcome.json["lost"][0]["code"]) == (3, "held_back", "not_found")


def test_uploads_among_the_lost_are_never_offered_to_be_deleted(run: Run, database: FakeDatabase) -> None:
    database.generations.report = replace(HELD_BACK, uploads_lost=1)
    outcome = run("reencode", "--to", "large")
    assert outcome.code == 3
    assert "1 upload among them" in outcome.out
    assert "--delete-lost" not in outcome.out
    assert run("reencode", "--to", "large", "--json").json["uploads_lost"] == 1


def test_what_is_so_already_is_said(run: Run, database: FakeDatabase) -> None:
    database.generations.report = UNCHANGED
    outcome = run("reencode", "--to", "large")
    assert (outcome.code, outcome.out.startswith("Nothing to do")) == (0, True)


def test_without_an_aim_it_is_refused(run: Run, database: FakeDatabase) -> None:
    outcome = run("reencode", "--sample", "5")
    assert outcome.code == 2
    assert "give --to, --precision or --segmentation" in outcome.err
    assert database.asked == []


def test_a_sample_is_a_table_with_shares_and_an_estimate(run: Run, database: FakeDatabase) -> None:
    shown = run("reencode", "--to", "large", "--sample", "200").out
    assert "75.0 % keep their label" in shown
    assert "surprised +0.250" in shown
    assert "would take about 1 h 00 min. Nothing was changed." in shown
    rows = [
        line.split() for line in shown.splitlines() if "neutral" in line and line.rstrip().endswith(("50", "stays"))
    ]
    assert [row[-2:] for row in rows] == [["150", "stays"], ["surprised", "50"]]
    document = run("reencode", "--to", "large", "--sample", "200", "--json").json
    assert document["agreement"] == 0.75
    assert document["moves"][1] == {"before": "neutral", "after": "surprised", "recordings": 50}
    assert document["examples"][0]["after"]["label"] == "surprised"


def test_generations_are_listed_with_what_is_missing(run: Run, database: FakeDatabase) -> None:
    first, second = run("generations", "list", "--json").json
    assert (first["state"], first["generation"], first["missing"], first["activated_at"]) == (
        "active",
        1,
        0,
        "2026-03-01T13:30:00Z",
    )
    assert (second["state"], second["missing"], second["encoder_source"]) == ("building", 34, "./large")
    assert second["activated_at"] is None


def test_nothing_is_dropped_unasked(run: Run, database: FakeDatabase) -> None:
    for words in (("generations", "drop", "1"), ("generations", "drop", "1", "--json")):
        assert run(*words).code == 2
    assert database.asked == []
    assert run("generations", "drop", "1", "--yes", "--json").json == {"generation": 1, "recordings": 1200}
    assert database.asked == [("drop", (1,), {})]


@pytest.mark.parametrize("words", [("generations",), ("reencode", "--help")])
def test_help_touches_no_database(run: Run, words: tuple[str, ...], tmp_path: Path) -> None:
    assert "mples:" in run(*words).out
