"""What each command asks of the database, and what it prints."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from emovec_db.domain.answer import MatchGroup
from emovec_db.domain.explanation import Difference, Explanation
from emovec_db.domain.ingest import Forecast, IngestFailure, IngestReport, Outcome
from emovec_db.domain.query import Match
from emovec_db.domain.recording import Details
from emovec_db.emotions import LABELS
from tests.unit.cli.conftest import Run
from tests.unit.cli.fakes import IDENTITY, NASTY_SHOWN, NASTY_URI, PREDICTION, WHEN, FakeDatabase, utterance

#: commands that print a table
SHOWING = {
    "search": ("search", "clip.wav"),
    "search --explain": ("search", "clip.wav", "--explain"),
    "trajectories": ("trajectories", "neutral > angry"),
    "courses": ("trajectories", "--like", "clip.wav"),
    "cluster": ("cluster", "-k", "2"),
    "clusters list": ("clusters", "list"),
    "clusters show": ("clusters", "show", "5"),
    "clusters name": ("clusters", "name", "5", "1", "complaints"),
    "clusters compare": ("clusters", "compare", "5", "6"),
    "clusters delete": ("clusters", "delete", "5"),
    "customers": ("customers",),
    "profile": ("profile", "c1"),
    "compare-customers": ("compare-customers", "c1", "c2"),
    "list": ("list",),
    "show": ("show", "3", "--track"),
    "collections": ("collections",),
    "check": ("check",),
    "policy": ("policy", "show"),
    "refusals": ("policy", "refusals"),
    "forbid": ("policy", "forbid", "agent"),
    "ingest": ("ingest", "calls"),
    "compare": ("compare", "a.wav", "b.wav"),
    "jobs list": ("jobs", "list"),
    "jobs show": ("jobs", "show", "7"),
    "jobs cancel": ("jobs", "cancel", "7"),
    "jobs retry": ("jobs", "retry", "7"),
    "reencode": ("reencode", "--to", "large"),
    "sample": ("reencode", "--to", "large", "--sample", "200"),
    "count": ("count", "--by", "customer"),
    "space list": ("space", "list"),
    "space fit": ("space", "fit", "--labels", "labels.csv"),
    "space evaluate": ("space", "evaluate", "--labels", "labels.csv"),
    "generations list": ("generations", "list"),
    "generations switch": ("generations", "switch", "2"),
    "generations drop": ("generations", "drop", "1", "--yes"),
}
#: all that is left of rich's styles where NO_COLOR is set; a colour in a name is not among them
BOLD_OR_DIM = re.compile(r"\x1b\[[012](;[012])*m")
#: of Filter, when nothing is asked for
NO_FILTER: dict[str, Any] = dict.fromkeys(("customer", "speaker", "role", "label", "since", "until", "min_confidence"))

REPORT = IngestReport(
    ingested=1200, unchanged=5, updated=1, refused=2, suppressed=3, failed=5,
    errors=(
        IngestFailure(uri=NASTY_URI, code="not_audio", message="bad \x1b one"),
        *(IngestFailure(uri=f"file:///{n}.wav", code="truncated", message=f"cut {n}") for n in range(4)),
    ),
    seconds=60.0, duration_s=3600.0, notes=tuple(f"remark {n}\x1b" for n in range(7)),
)  # fmt: skip


@pytest.mark.parametrize("words", SHOWING.values(), ids=SHOWING.keys())
@pytest.mark.parametrize("columns", ["80", "200"])
def test_tables_fit_and_names_are_harmless(
    run: Run, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    database.report = REPORT

    outcome = run(*words)

    assert outcome.code == (3 if words[0] == "ingest" else 0), outcome.err
    assert outcome.out.strip()
    shown = BOLD_OR_DIM.sub("", outcome.out)
    assert "\x1b" not in shown
    assert max(cell_len(line) for line in shown.splitlines()) <= int(columns)


@pytest.mark.parametrize("name", ["search", "profile", "list", "show", "ingest", "jobs show", "reencode", "sample"])
def test_wide_tables_show_whole_names(run: Run, database: FakeDatabase, name: str) -> None:
    database.report = REPORT

    assert NASTY_SHOWN in run(*SHOWING[name]).out


@pytest.mark.parametrize(
    "name", ["search", "cluster", "clusters show", "profile", "customers", "compare-customers", "list", "show"]
)
def test_the_encoder_and_its_notice_are_always_told(run: Run, database: FakeDatabase, name: str) -> None:
    shown = run(*SHOWING[name]).out

    assert f"encoder {IDENTITY.encoder_id}" in shown
    assert "demonstration encoder" in shown


@pytest.mark.parametrize("name", sorted(SHOWING.keys() - {"ingest"}))
def test_json_is_one_document_on_one_line(run: Run, database: FakeDatabase, name: str) -> None:
    outcome = run(*SHOWING[name], "--json")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.json is not None
    assert outcome.out.isascii()
    assert outcome.out.count("\n") == 1


class TestSearch:
    def test_json_holds_the_contract(self, run: Run, database: FakeDatabase) -> None:
        document = run("search", "clip.wav", "--space", "scores", "--json").json

        assert document["space"] == "scores"
        [match] = document["matches"]
        assert match.keys() == {
            "utterance_id", "recording_id", "uri", "customer", "start_s", "end_s", "voice", "label", "scores",
            "similarity",
        }  # fmt: skip
        assert (match["utterance_id"], match["similarity"], match["uri"]) == (7, 0.75, NASTY_URI)

    def test_every_option_reaches_the_database(self, run: Run, database: FakeDatabase) -> None:
        run(
            "search", "clip.wav", "-k", "3", "--space", "scores", "--min-similarity", "0.5", "--customer", "c1",
            "--speaker", "s1", "--role", "agent", "--label", "sad", "--since", "2026-07-01", "--until",
            "2026-08-01T12:00+00:00", "--min-confidence", "0.6", "--metadata", "a=1=2", "--metadata", "b=",
            "--recording-role", "customer", "--recording-channel", "right",
            "--recording-customer", "c9", "--recording-speaker", "s9", "--exclude-same", "speaker",
            "--per-customer", "2", "--per-recording", "1", "--exact", "--cursor", "abc",
            "--group-by", "customer", "--per-group", "4",
            "--diversify-above", "0.9", "--unlike", "6", "--unlike", "9",
        )  # fmt: skip

        assert database.asked == [
            (
                "similar",
                (Path("clip.wav"),),
                {
                    "k": 3,
                    "space": "scores",
                    "unlike": [6, 9],
                    "min_similarity": 0.5,
                    "customer": "c1",
                    "speaker": "s1",
                    "role": "agent",
                    "label": "sad",
                    # midnight in the zone of the settings, Berlin in summer
                    "since": datetime(2026, 6, 30, 22, tzinfo=UTC),
                    "until": datetime(2026, 8, 1, 12, tzinfo=UTC),
                    "min_confidence": 0.6,
                    "metadata": {"a": "1=2", "b": ""},
                    "recording_role": "customer",
                    "recording_channel": "right",
                    "recording_customer": "c9",
                    "recording_speaker": "s9",
                    "exclude_same": "speaker",
                    "per_customer": 2,
                    "per_recording": 1,
                    "diversify": 0.9,
                    "group_by": "customer",
                    "cursor": "abc",
                    "per_group": 4,
                    "exact": True,
                },
            )
        ]

    def test_a_condition_is_read_in_the_zone_of_the_settings(self, run: Run, database: FakeDatabase) -> None:
        run("list", "--where", "recorded_at >= 2026-07-01 and not role = agent")
        run("search", "--id", "4", "--where", "angry > 0.5")
        (_, _, listed), (_, _, searched) = database.asked
        assert str(listed["where"]) == "recorded_at >= 2026-06-30T22:00:00+00:00 and not role = agent"
        assert str(searched["where"]) == "angry > 0.5"
        refused = run("list", "--where", "angri > 1")
        assert refused.code == 2
        assert "did you mean angry" in refused.err

    @pytest.mark.parametrize(
        ("words", "asked", "space"),
        [
            (("--id", "42"), ("similar_by_id", (42,)), "emotion"),
            (("--recording", "3"), ("similar_to_recording", (3,)), "emotion"),
            (("--of-customer", "c 7"), ("similar_to_customer", ("c 7",)), "emotion"),
            (("--scores", "angry=0.6, sad=.4"), ("similar_to_scores", ({"angry": 0.6, "sad": 0.4},)), "scores"),
            (("--like", "4", "--like", "5"), ("similar_to_examples", ([4, 5],)), "emotion"),
        ],
    )
    def test_what_is_stored_can_be_the_question(
        self, run: Run, database: FakeDatabase, words: tuple[str, ...], asked: tuple[str, tuple[Any]], space: str
    ) -> None:
        run("search", *words)
        run("search", *words, "--unlike", "6", "--unlike", "9")

        options = dict.fromkeys(
            ("min_similarity", "exclude_same", "per_customer", "per_recording", "diversify", "group_by", "cursor")
        )
        assert database.asked == [
            (
                *asked,
                {"k": 10, "space": space, "exact": False, "per_group": 3, "unlike": unlike, **options, **NO_FILTER},
            )
            for unlike in ([], [6, 9])
        ]

    @pytest.mark.parametrize("name", ["v.npy", "v.f32", "v.json"])
    def test_an_embedding_in_a_file_can_be_the_question(
        self, run: Run, database: FakeDatabase, tmp_path: Path, name: str
    ) -> None:
        vector = np.array([1, -0.5, 0.25, 0], np.float32)
        np.save(tmp_path / "v.npy", vector)
        (tmp_path / "v.f32").write_bytes(vector.tobytes())
        (tmp_path / "v.json").write_text(str(vector.tolist()))
        run("search", "--vector", str(tmp_path / name))
        assert [(name, of, wanted["space"]) for name, of, wanted in database.asked] == [
            ("similar_to_vector", ([1, -0.5, 0.25, 0],), "embedding")
        ]

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("v.npy", b"1,2,3", "expected an .npy file"),
            ("v.f32", b"12345", "got 5 bytes: expected 16"),
            ("v.json", b'{"embedding": [1]}', "something else than a list of numbers"),
            ("v.json", b"[" * 100_000, "something else than a list of numbers"),
            ("v.txt", b"1", "expected .npy, .f32 or .json"),
            ("v.npy", b"1" * 1_000_001, "greater than 1000000 bytes"),
            ("v.npy", None, "can't be read: No such file"),
        ],
    )
    def test_a_file_without_embedding_is_refused(
        self, run: Run, database: FakeDatabase, tmp_path: Path, name: str, content: bytes | None, message: str
    ) -> None:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        outcome = run("search", "--vector", str(tmp_path / name))
        assert outcome.code == 2
        assert message in outcome.err

    def test_groups_are_shown_one_after_the_other(self, run: Run, database: FakeDatabase) -> None:
        database.matches = tuple(Match(utterance(number), (90 - number) / 100) for number in (7, 8, 9))
        database.groups = (
            MatchGroup(customer="c1", recording_id=None, matches=database.matches[:2]),
            MatchGroup(customer=None, recording_id=3, matches=database.matches[2:]),
        )
        lines = run("search", "--id", "4", "--group-by", "customer").out.splitlines()
        assert [line.strip()[:5] for line in lines[:5]] == ["simil", "0.830", "0.820", "", "0.810"]
        document = run("search", "--id", "4", "--group-by", "customer", "--json").json
        assert document["matches"] == []
        assert [{**group, "matches": len(group["matches"])} for group in document["groups"]] == [
            {"customer": "c1", "recording_id": None, "similarity": 0.83, "matches": 2},
            {"customer": None, "recording_id": 3, "similarity": 0.81, "matches": 1},
        ]

    def test_explanations_are_shown_where_asked_for(self, run: Run, database: FakeDatabase) -> None:
        differs = (Difference("angry", 0.31), Difference("sad", -0.2))
        told = Explanation(differences=differs, same_recording=None, same_customer=True, same_speaker=False)
        database.matches = (Match(utterance(), 0.75, told), Match(utterance(8), 0.5, replace(told, differences=())))
        database.scores = PREDICTION
        assert "angry" not in run("search", "--id", "4").out
        shown = run("search", "--id", "4", "--explain").out
        assert shown.startswith("searched for: neutral 65\u00a0%, sad 12\u00a0%, happy 10\u00a0%\n\n")
        assert "+31 angry, -20 sad  customer" in shown
        document = run("search", "--id", "4", "--json").json
        assert document["query_scores"] == PREDICTION.by_label()
        assert document["matches"][0]["differences"] == {"angry": 0.31, "sad": -0.2}
        assert document["matches"][1]["same"] == {"recording": None, "customer": True, "speaker": False}

    def test_where_to_go_on_is_told(self, run: Run, database: FakeDatabase) -> None:
        database.next_cursor = "c2VhcmNo"
        assert "There are more: --cursor c2VhcmNo" in run("search", "--id", "4").out
        assert run("search", "--id", "4", "--json").json["next_cursor"] == "c2VhcmNo"

    def test_diversify_has_a_threshold_of_its_own(self, run: Run, database: FakeDatabase) -> None:
        run("search", "--id", "4", "--diversify")
        assert database.asked[0][2]["diversify"] is True

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ((), "either a FILE or one of --id"),
            (("clip.wav", "--id", "4"), "either a FILE or one of --id"),
            (("--recording", "4", "--like", "5"), "either a FILE or one of --id"),
            (("--unlike", "5"), "either a FILE or one of --id"),
            (("--scores", "angry"), "--scores got 'angry': expected KEY=VALUE"),
            (("--scores", "angry=much"), "--scores got 'much' for angry: expected a number"),
        ],
    )
    def test_what_makes_no_sense_is_said(
        self, run: Run, database: FakeDatabase, words: tuple[str, ...], message: str
    ) -> None:
        outcome = run("search", *words)
        assert outcome.code == 2
        assert message in outcome.err

    def test_nothing_found_is_said(self, run: Run, database: FakeDatabase) -> None:
        database.matches = ()

        assert run("search", "clip.wav").out == "No matches.\n"
        assert run("search", "clip.wav", "--customer", "x").out == "No matches; the filters may be too narrow.\n"
        assert run("search", "clip.wav", "--json").json == {
            "space": "emotion", "query_scores": None, "next_cursor": None, "matches": [],
        }  # fmt: skip


class TestCount:
    def test_json_holds_the_contract(self, run: Run, database: FakeDatabase) -> None:
        document = run("count", "--by", "customer", "--limit", "7", "--label", "sad", "--json").json

        assert document["utterances"] == 3
        assert document["recordings"] == 2
        assert document["facets"]["customer"][1] == {"value": None, "utterances": 1, "recordings": 1}
        asked = {**NO_FILTER, "label": "sad"}
        assert database.asked == [("count", (), asked), ("facets", ("customer",), {"limit": 7, **asked})]


class TestSpace:
    def test_json_holds_the_contract(self, run: Run, database: FakeDatabase) -> None:
        fitted = {
            "space": "emotion",
            "version": 2,
            "fitted_at": "2026-03-01T13:30:00Z",
            "utterances": 5400,
            "annotated": 4510,
            "people": 81,
        }
        assert run("space", "fit", "--json").json == fitted
        table = {"recordings": 4500, "unlabelled": 2, "not_stored": 1}
        assert run("space", "fit", "--labels", "labels.csv", "--json").json == {**fitted, "table": table}
        listed = run("space", "list", "--json").json
        assert listed["default"] == "emotion"
        assert [one["space"] for one in listed["spaces"]] == ["embedding", "scores", "embedding-scores", "emotion"]
        assert listed["spaces"][3] == {**fitted, "index": None}
        assert listed["spaces"][0]["index"] == {"kind": "layered", "recall": 0.984, "size": 5400, "seq": 5600}
        evaluated = run("space", "evaluate", "--labels", "labels.csv", "--json").json
        assert evaluated == {
            "spaces": {
                "emotion": {
                    "map_at_10": 0.5, "precision_at_10": 0.625, "triplet_accuracy": 0.75,
                    "speaker_triplet_accuracy": 0.7, "sentence_triplet_accuracy": None, "queries": 40, "triplets": 900,
                }
            },
            "folds": 3, "utterances": 40, "unlabelled": 2, "not_stored": 0,
        }  # fmt: skip

    def test_it_says_what_was_learned_and_left_out(self, run: Run, database: FakeDatabase) -> None:
        assert "Version 2 of emotion was learned from 5,400 utterances and knows 81 people." in run("space", "fit").out
        taught = run("space", "fit", "--labels", "labels.csv").out
        assert "Of them, 4,510 utterances had annotations." in taught
        assert "The table annotated 4,500 recordings." in taught
        assert "Rows left out: 2 without label, 1 not stored." in taught
        assert "Rows left out: 2 without label." in run("space", "evaluate", "--labels", "labels.csv").out


class TestTrajectories:
    def test_json_holds_the_contract(self, run: Run, database: FakeDatabase) -> None:
        fields = {"recording_id", "uri", "channel", "customer", "recorded_at", "duration_s", "parts"}
        parts = [
            {"part": "neutral", "start_s": 0.0, "end_s": 1.0, "score": 0.65},
            {"part": "any", "start_s": 1.0, "end_s": 1.0, "score": 1.0},
            {"part": "not angry", "start_s": 1.5, "end_s": 2.5, "score": 0.5},
        ]

        document = run("trajectories", "neutral > any > not angry", "--json").json
        alike = run("trajectories", "--like", "3", "--json").json

        assert document["pattern"] == "neutral > any > not angry"
        assert document["matches"][0].keys() == fields | {"clarity"}
        assert document["matches"][0]["parts"] == alike["course"] == parts
        assert alike["matches"][0].keys() == fields | {"similarity"}

    def test_every_option_reaches_the_database(self, run: Run, database: FakeDatabase) -> None:
        run("trajectories", "angry", "-k", "3", "--min-clarity", "0.6", "--customer", "c1")
        run("trajectories", "--like", "42", "--stretch", "3")
        run("trajectories", "--like", "./42", "--recording-role", "customer", "--recording-channel", "right")

        given = {"recording_role": "customer", "recording_channel": "right"}
        assert database.asked == [
            ("trajectories", ("angry",), {**NO_FILTER, "k": 3, "min_clarity": 0.6, "customer": "c1"}),
            ("similar_courses_by_id", (42,), {**NO_FILTER, "k": 10, "stretch": 3}),
            ("similar_courses", (Path("42"),), {**NO_FILTER, "k": 10, **given}),
        ]

    def test_nothing_found_is_said_with_what_would_find_more(self, run: Run, database: FakeDatabase) -> None:
        database.matches = ()

        assert "a lower --min-clarity or wider filters" in run("trajectories", "angry").out
        assert "--stretch allows more" in run("trajectories", "--like", "3").out
        assert run("trajectories", "angry", "--json").json == {"pattern": "angry", "matches": []}


class TestIngest:
    def test_json_holds_the_contract(self, run: Run, database: FakeDatabase) -> None:
        database.report = REPORT

        outcome = run("ingest", "calls", "--json")

        assert outcome.code == 3
        counts = {"ingested": 1200, "unchanged": 5, "updated": 1, "refused": 2, "suppressed": 3, "failed": 5}
        assert {name: outcome.json[name] for name in counts} == counts
        assert outcome.json["errors"][0] == {"uri": NASTY_URI, "code": "not_audio", "message": "bad \x1b one"}
        assert len(outcome.json["errors"]) == 5

    def test_refusals_are_no_failures(self, run: Run, database: FakeDatabase) -> None:
        database.report = IngestReport(refused=3)

        assert run("ingest", "calls", "--json").code == 0

    def test_every_option_reaches_the_database(self, run: Run, database: FakeDatabase) -> None:
        run(
            "ingest", "a", "b/*.wav", "--customer-from", "{customer}/*", "--customer", "c1", "--speaker", "s1",
            "--role", "customer", "--recorded-at", "2026-01-02", "--metadata", "a=1", "--channels", "left, right",
            "--roles", "left=agent,right=customer", "--retry-failed", "--encoder", "other", "--precision", "fp32",
            "--segmentation", "windows", "--clean", "normalise, high-pass", "--clean", "high-pass",
            "--diarize", "campplus", "--voices", "2", "--collection", "calls",
            "--manifest", "calls.csv", "--column", "customer=caller", "--column", "uri=wav",
        )  # fmt: skip

        assert database.opened_with == ("other", "fp32")
        assert database.asked == [
            (
                "ingest",
                ("a", "b/*.wav"),
                {
                    "manifest": "calls.csv",
                    "columns": {"customer": "caller", "uri": "wav"},
                    "customer_from": "{customer}/*",
                    "customer": "c1",
                    "speaker": "s1",
                    "role": "customer",
                    "recorded_at": datetime(2026, 1, 1, 23, tzinfo=UTC),
                    "metadata": {"a": "1"},
                    "channels": ("left", "right"),
                    "roles": {"left": "agent", "right": "customer"},
                    "segmentation": "windows",
                    "diarize": "campplus",
                    "voices": 2,
                    "allow_again": False,
                    "clean": ["normalise", "high-pass", "high-pass"],
                    "retry_failed": True,
                },
            )
        ]

    def test_a_collection_keeps_its_precision(self, run: Run, database: FakeDatabase) -> None:
        outcome = run("ingest", "a", "--precision", "bf16", "--collection", "calls")

        assert outcome.code == 2
        assert "'calls' holds embeddings of compact@1+abababababab:fp32, and bf16 is asked for" in outcome.err
        assert database.asked == []

    def test_failures_are_grouped_and_the_next_step_is_told(self, run: Run, database: FakeDatabase) -> None:
        database.report = REPORT

        shown = run("ingest", "calls", "--collection", "my calls").out

        assert "1,200 recordings ingested (1 h 00 min of sound in 1 min 00 s: 20.0 recordings/s, 60 × real" in shown
        assert "5 unchanged, 1 updated, 2 refused, 3 deleted before, 5 failed" in shown
        assert shown.index("truncated: 4 recordings") < shown.index("not_audio: 1 recording\n"), "the commonest first"
        assert "and 1 more" in shown
        assert "and 2 more remarks" in shown
        assert "emovec ingest --retry-failed --collection 'my calls'" in shown

    def test_what_was_deleted_before_is_said_with_what_lifts_it(self, run: Run, database: FakeDatabase) -> None:
        database.report = IngestReport(suppressed=3)

        outcome = run("ingest", "calls")
        assert outcome.code == 0
        assert outcome.out.splitlines() == [
            "0 recordings ingested, 3 deleted before",
            "",
            "All of it was deleted before; the same with --allow-again takes it in again.",
        ]
        run("ingest", "calls", "--allow-again")
        assert [told["allow_again"] for _, _, told in database.asked] == [False, True]

    def test_an_empty_folder_is_said(self, run: Run, database: FakeDatabase) -> None:
        outcome = run("ingest", "calls")

        assert outcome.code == 0
        assert "No recordings were found" in outcome.out


class TestDryRun:
    FORECASTS = (
        Forecast(
            uri=NASTY_URI, channel="left", outcome=Outcome.NEW,
            details=Details(customer="c1\x1b7", role="agent", recorded_at=WHEN, metadata={"batch": 7}),
        ),
        Forecast(uri="file:///calls/b.wav", channel="mix", outcome=Outcome.UNCHANGED, details=Details()),
        Forecast(
            uri="file:///calls.csv#line=7", channel="mix", outcome=Outcome.FAILED, details=Details(), reason="bad \x1b"
        ),
    )  # fmt: skip

    def test_each_is_told_on_a_line_and_the_unchanged_are_counted(self, run: Run, database: FakeDatabase) -> None:
        database.forecasts = self.FORECASTS
        outcome = run("ingest", "--manifest", "calls.csv", "--dry-run", "--customer", "c1")

        assert outcome.code == 3
        first, second, last = outcome.out.splitlines()
        assert first.startswith(f"new      /calls/{NASTY_SHOWN} [left]  customer=c1\\x1b7 role=agent recorded_at=")
        assert first.endswith(" batch=7")
        assert second == "failed   /calls.csv#line=7  bad \\x1b"
        assert last == "3 recordings: 1 new, 1 unchanged, 1 failed. Nothing was written."
        ((method, _, told),) = database.asked
        assert (method, told["manifest"], told["customer"]) == ("dry_run", "calls.csv", "c1")

    def test_json_is_one_document(self, run: Run, database: FakeDatabase) -> None:
        database.forecasts = self.FORECASTS
        document = run("ingest", "calls", "--dry-run", "--json").json

        assert [one["outcome"] for one in document.pop("recordings")] == ["new", "unchanged", "failed"]
        assert document == {"new": 1, "changed": 0, "updated": 0, "unchanged": 1, "refused": 0, "failed": 1}

    def test_nothing_at_all(self, run: Run, database: FakeDatabase) -> None:
        outcome = run("ingest", "calls", "--dry-run")

        assert (outcome.code, outcome.out) == (0, "0 recordings. Nothing was written.\n")
        assert run("ingest", "calls", "--dry-run", "--json").json["recordings"] == []


class TestDelete:
    def test_several_are_summed_up(self, run: Run, database: FakeDatabase) -> None:
        document = run("delete", "3", "4", "3", "--yes", "--json").json

        assert document == {"recordings": 2, "utterances": 4, "blobs": 0}
        assert database.asked == [("delete", (3,), {}), ("delete", (4,), {})]

    def test_an_unknown_one_is_said_before_any_is_gone(self, run: Run, database: FakeDatabase) -> None:
        outcome = run("delete", "3", "404", "--yes", "--json")

        assert outcome.code == 2
        assert outcome.json == {"code": "not_found", "message": "no recording 404", "detail": {"recording_id": 404}}
        assert database.asked == []

    def test_a_customer(self, run: Run, database: FakeDatabase) -> None:
        assert "Deleted 3 recordings with 4 utterances." in run("delete", "--customer", "c1", "--yes").out
        assert database.asked == [("delete_customer", ("c1",), {})]

    @pytest.mark.parametrize(("answer", "asked"), [("y\n", [("delete", (3,), {})]), ("n\n", [])])
    def test_a_terminal_is_asked(
        self, run: Run, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch, answer: str, asked: list[Any]
    ) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        monkeypatch.setattr("sys.stdin", Terminal(answer))

        outcome = run("delete", "3")

        assert outcome.code == 0
        assert "Delete 1 recording from collection default?" in outcome.err
        assert database.asked == asked


class TestPolicy:
    def test_show_holds_the_contract(self, run: Run, database: FakeDatabase) -> None:
        document = run("policy", "show", "--json").json

        assert document.keys() == {"forbidden_roles", "refused", "changes"}
        assert (document["forbidden_roles"], document["refused"]) == (["agent"], 2)
        assert document["changes"][0].keys() == {"role", "forbidden", "reason", "by", "deleted", "changed_at"}

    def test_refusals_hold_the_contract(self, run: Run, database: FakeDatabase) -> None:
        document = run("policy", "refusals", "--cursor", "here", "--limit", "1", "--json").json

        assert document["items"][0].keys() == {"uri", "channel", "role", "reason", "refused_at"}
        assert database.asked == [("refusals", (), {"cursor": "here", "limit": 1})]

    def test_forbidding_says_what_was_deleted(self, run: Run, database: FakeDatabase) -> None:
        said = run("policy", "forbid", "agent", "--reason", "law", "--delete-existing").out

        assert "Deleted 2 recordings with 3 utterances." in said
        assert database.asked == [("forbid_role", ("agent",), {"reason": "law", "delete_existing": True})]

    def test_allowing_needs_a_reason(self, run: Run, database: FakeDatabase) -> None:
        assert run("policy", "allow", "agent").code == 2
        assert database.asked == []
        assert run("policy", "allow", "agent", "--reason", "agreed").code == 0
        assert database.asked == [("allow_role", ("agent",), {"reason": "agreed"})]

    def test_ingest_forbids_first(self, run: Run, database: FakeDatabase) -> None:
        run("ingest", "calls", "--forbid-role", "agent", "--forbid-role", "other", "--segmentation", "windows")

        wished = {"segmentation": "windows", "clean": None, "diarize": None, "voices": None}
        assert database.asked[0] == ("create", (), wished)
        assert [asked[:2] for asked in database.asked[1:]] == [
            ("forbid_role", ("agent",)),
            ("forbid_role", ("other",)),
            ("ingest", ("calls",)),
        ]

    def test_a_role_is_asked_for_by_a_collection_only(self, run: Run, database: FakeDatabase) -> None:
        assert run("classify", "a.wav", "--role", "customer").code == 2
        run("classify", "a.wav", "--role", "customer", "--channel", "right", "--collection", "calls")
        told = {"frames": False, "role": "customer", "channel": "right"}
        assert database.asked == [("collection.classify", (Path("a.wav"),), told)]


class TestOthers:
    def test_profile_asks_for_a_period(self, run: Run, database: FakeDatabase) -> None:
        run("profile", "c1", "--period", "month", "--since", "2026-01-01", "--examples", "2", "--space", "scores")

        since = datetime(2025, 12, 31, 23, tzinfo=UTC)
        told = {
            "period": "month", "since": since, "until": None, "recent_since": None, "space": "scores", "examples": 2,
        }  # fmt: skip
        assert database.asked == [("profile", ("c1",), told)]

    def test_profile_as_a_table(self, run: Run, database: FakeDatabase) -> None:
        outcome = run("profile", "c1", "--csv", "--recent-since", "2026-01-01T00:00Z")

        assert database.asked[0][2]["recent_since"] == datetime(2026, 1, 1, tzinfo=UTC)
        assert outcome.out.startswith("\ufeffcustomer,section,name,start,")
        assert outcome.err == ""
        assert run("profile", "c1", "--csv", "--json").code == 2

    def test_profile_says_what_has_changed(self, run: Run, database: FakeDatabase) -> None:
        shown = run("profile", "c1").out

        assert "5 recordings since" in shown
        assert re.search(r"sad +\+25\.0 +\+12\.5 – \+37\.5 +risen", shown)
        assert "no clear change" in shown

    def test_customers_are_listed_as_asked(self, run: Run, database: FakeDatabase) -> None:
        shown = run("customers", "--sort", "angry", "--containing", "c", "--limit", "2", "--cursor", "here").out

        told = {"sort": "angry", "containing": "c", "cursor": "here", "limit": 2}
        assert database.asked == [("customers_overview", (), told)]
        assert "--cursor 'next page'" in shown
        assert "▂▇ ↗ rising" in shown

    def test_two_customers_are_compared(self, run: Run, database: FakeDatabase) -> None:
        shown = run("compare-customers", "c1", "c2", "--period", "day").out

        told = {"period": "day", "since": None, "until": None, "recent_since": None, "space": None}
        assert database.asked == [("compare_customers", ("c1", "c2"), told)]
        assert re.search(r"sad .* \+25\.0 +\+12\.5 – \+37\.5 +first higher", shown)

    def test_cluster_asks_for_k_and_seed(self, run: Run, database: FakeDatabase) -> None:
        run("cluster", "-k", "3", "--seed", "7")

        assert database.asked == [("cluster", (3,), {"seed": 7, "space": None, **NO_FILTER})]

    def test_clusters_are_named_compared_and_deleted(self, run: Run, database: FakeDatabase) -> None:
        assert r"[b]\x1b7投诉" in run("clusters", "name", "5", "1", "complaints").out
        compared = run("clusters", "compare", "5", "6").out
        run("clusters", "delete", "5")

        assert r"1 [b]\x1b7投诉" in compared
        assert "1,200 utterances in both, 3 only in 5, 0 only in 6: adjusted Rand index 0.500" in compared
        assert database.asked == [
            ("name_cluster", (5, 1, "complaints"), {}),
            ("compare_clusterings", (5, 6), {}),
            ("delete_clustering", (5,), {}),
        ]

    def test_runs_go_on_at_the_cursor(self, run: Run, database: FakeDatabase) -> None:
        assert "--cursor 'next page'" in run("clusters", "list", "--cursor", "here", "--limit", "1").out
        assert database.asked == [("clusterings", (), {"cursor": "here", "limit": 1})]

    def test_list_goes_on_at_the_cursor(self, run: Run, database: FakeDatabase) -> None:
        listed = run("list", "--cursor", "here", "--limit", "1", "--sort=-recorded_at").out
        assert "--cursor 'next page'" in listed
        asked = {"cursor": "here", "limit": 1, "sort": "-recorded_at", **NO_FILTER}
        assert database.asked == [("recordings", (), asked)]

    def test_compare_says_how_similar(self, run: Run, database: FakeDatabase) -> None:
        assert run("compare", "a.wav", "b.wav", "--json").json == {
            "first": "a.wav",
            "second": "b.wav",
            "space": "embedding",
            "similarity": 0.5,
            "encoder": IDENTITY.encoder_id,
        }

    def test_check_holds_the_contract_and_fails_when_inconsistent(self, run: Run, database: FakeDatabase) -> None:
        sound = {"consistent": True, "recordings": 2, "utterances": 3, "indexed": 3, "problems": []}
        assert run("check", "--json").json == sound
        database.problems = ("one \x1b too many",)

        broken, said = run("check", "--json"), run("check")

        assert broken.code == said.code == 1
        assert broken.json == {**sound, "consistent": False, "problems": ["one \x1b too many"]}
        assert r"one \x1b too many" in said.out
        assert "emovec check --repair" in said.out

    def test_reindex_tells_how_many(self, run: Run, database: FakeDatabase) -> None:
        assert run("reindex", "--json").json == {"indexed": 1}
        assert run("reindex").out == "Indexed 1 vector.\n"


class TestJobs:
    def test_the_list_says_how_to_go_on(self, run: Run, database: FakeDatabase) -> None:
        outcome = run("jobs", "list", "--collection", "calls", "--limit", "3", "--cursor", "c")

        assert database.asked == [("jobs", (), {"collection": "calls", "cursor": "c", "limit": 3})]
        running, queued, failed = outcome.out.splitlines()[1:4]
        shown = r"7 running archive calls\x1b 2026-03-01 14:30 1,240 of 5,000 40 20.0/s 3 min 08 s"
        assert " ".join(running.split()) == shown
        assert queued.split()[:4] == ["6", "queued", "archive", "calls\\x1b"]
        assert failed.split()[:2] == ["5", "failed"]
        assert "There are more: --cursor 'next page'" in outcome.out

    def test_one_job(self, run: Run, database: FakeDatabase) -> None:
        shown = run("jobs", "show", "7").out

        assert "recordings done: 1,240 of 5,000 (1,200 ingested, 40 failed)" in shown
        assert "20.0 recordings/s, 100 × real time, 3 min 08 s left" in shown
        assert "silent: 40 files" in shown
        assert "and 39 more" in shown
        document = run("jobs", "show", "7", "--json").json
        assert (document["rate_per_s"], document["remaining_s"]) == (20.0, 188.0)
        assert document["errors"][0]["code"] == "silent"

    def test_cancel_and_retry(self, run: Run, database: FakeDatabase) -> None:
        assert "Job 7 is cancelled." in run("jobs", "cancel", "7").out
        assert "Job 8 is queued" in run("jobs", "retry", "7").out
        assert [asked[:2] for asked in database.asked] == [("cancel_job", (7,)), ("retry_job", (7,))]

    def test_alone_it_shows_its_help(self, run: Run) -> None:
        assert "retry" in run("jobs").out


def test_a_track_is_shown_when_it_is_asked_for(run: Run, database: FakeDatabase) -> None:
    document = run("show", "3", "--track", "--json").json["track"]
    neutral = [float(label == "neutral") for label in LABELS]

    assert document == {"hz": 2.0, "scores": [neutral, neutral, None]}
    assert "track" not in run("show", "3", "--json").json
    assert "over time" in run("show", "3", "--track").out
    assert "over time" not in run("show", "3").out
