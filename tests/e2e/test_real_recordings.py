"""The whole job on real recordings, through the command."""

from __future__ import annotations

import csv
import itertools
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.command import Emovec

CLIPS = 500


@pytest.fixture(scope="module")
def fixtures(shared_data: Path) -> Path:
    return shared_data / "fixtures"


@pytest.fixture(scope="module")
def emovec(tmp_path_factory: pytest.TempPathFactory) -> Emovec:
    return Emovec(tmp_path_factory.mktemp("real") / "data")


def test_emotional_clips_find_themselves(emovec: Emovec, fixtures: Path) -> None:
    clips = sorted((fixtures / "emotional").glob("*.wav"))
    report = emovec.json(
        "ingest", fixtures / "emotional", "--customer-from", "{customer}_*.wav", "--collection", "emotional"
    )
    counts = {"ingested": 7, "unchanged": 0, "updated": 0, "refused": 0, "failed": 0, "errors": []}
    assert report == report | counts
    assert report["seconds"] > 0
    for clip in clips:
        found = emovec.json("search", clip, "-k", "3", "--collection", "emotional")
        assert found["space"] == "scores"
        assert len(found["matches"]) == 3
        best = found["matches"][0]
        assert best["uri"].endswith(clip.name)
        assert best["similarity"] == pytest.approx(1, abs=1e-5)
        assert best["customer"] == clip.name[:4]
        assert sum(best["scores"].values()) == pytest.approx(1, abs=1e-4)
        assert best["label"] == max(best["scores"], key=best["scores"].__getitem__)
    assert emovec.json("check", "--collection", "emotional")["consistent"]


def test_six_encodings_of_one_utterance_are_each_others_nearest(emovec: Emovec, fixtures: Path) -> None:
    emovec.json("ingest", fixtures / "formats", "--collection", "formats")
    encodings = sorted(path.name for path in (fixtures / "formats").glob("aishell-*"))
    assert len(encodings) == 6
    for name in encodings:
        found = emovec.json("search", fixtures / "formats" / name, "-k", "6", "--collection", "formats")
        assert sorted(match["uri"].rsplit("/", 1)[1] for match in found["matches"]) == encodings
        assert min(match["similarity"] for match in found["matches"]) >= 0.98


def test_a_call_as_one_mix_and_as_two_channels(emovec: Emovec, fixtures: Path) -> None:
    call = fixtures / "calls" / "auto_repairs_40_agent-left_caller-right.flac"
    assert emovec.json("ingest", call, "--collection", "calls")["ingested"] == 1
    report = emovec.json("ingest", call, "--roles", "left=agent,right=customer", "--collection", "calls")
    assert report["ingested"] == 2
    listed = emovec.json("list", "--collection", "calls")["items"]
    assert {(one["channel"], one["role"]) for one in listed} == {("left", "agent"), ("right", "customer")}
    assert len({one["quality"]["duration_s"] for one in listed}) == 1
    customer = next(one for one in listed if one["channel"] == "right")
    shown = emovec.json("show", str(customer["recording_id"]), "--collection", "calls")
    spans = [(one["start_s"], one["end_s"]) for one in shown["utterances"]]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert all(1 <= end - start <= 10.2 for start, end in spans)
    assert len(spans) > 10
    heard_s = sum(end - start for start, end in spans)
    assert heard_s + sum(shown["left_out"].values()) == pytest.approx(shown["quality"]["duration_s"])
    assert heard_s < 0.7 * shown["quality"]["duration_s"], "half of the time the agent speaks"
    assert sum(shown["time_shares"].values()) == pytest.approx(1)
    assert {one["label"] for one in shown["utterances"]} == set(shown["strongest"])
    (sibling,) = shown["siblings"]
    assert (sibling["channel"], sibling["role"]) == ("left", "agent")


def test_agents_of_calls_are_kept_out(emovec: Emovec, fixtures: Path) -> None:
    """Two calls with a party on each channel, and one with both on one track, of which nobody says who speaks."""
    roles, here = ("--roles", "left=agent,right=customer"), ("--collection", "forbidding")
    report = emovec.json("ingest", fixtures / "calls/*-right.flac", *roles, *here, "--forbid-role", "agent")
    assert (report["ingested"], report["refused"], report["failed"]) == (2, 2, 0)
    mono = fixtures / "calls" / "auto_repairs_mono_both-parties.flac"
    assert emovec.json("ingest", mono, *here)["refused"] == 1
    assert emovec.json("ingest", fixtures / "calls", *here)["refused"] == 1, "the calls are stored by channels"
    listed = emovec.json("list", *here)["items"]
    assert {(one["channel"], one["role"]) for one in listed} == {("right", "customer")}
    refused = emovec.json("policy", "refusals", *here)["items"]
    assert sorted((one["channel"], one["role"]) for one in refused if one["role"]) == [("left", "agent")] * 2
    assert [one["uri"].rpartition("/")[2] for one in refused if not one["role"]] == [mono.name]

    call = next((fixtures / "calls").glob("*-right.flac"))
    said = {"search": ("--recording-role", "--recording-channel"), "classify": ("--role", "--channel")}
    for command, (role, channel) in said.items():
        for words in ((role, "agent", channel, "left"), (role, "customer")):
            answer = emovec.run(command, call, *words, *here)
            assert answer.code in (2, 3), (command, words)
            assert "refused" in answer.stderr
        assert emovec.json(command, call, role, "customer", channel, "right", *here)
    assert emovec.json("check", *here)["consistent"]


@pytest.fixture(scope="module")
def labelled(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 clips of speech/, one folder a speaker."""
    with (shared_data / "speech" / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    folder = tmp_path_factory.mktemp("speech")
    # the pair that decodes to the same samples is left to the unit tests
    chosen = random.Random(7).sample([row for row in rows if "/07/" not in row["path"]], CLIPS)
    for row in chosen:
        target = folder / row["speaker"].replace(":", "-")
        target.mkdir(exist_ok=True)
        shutil.copy(shared_data / "speech" / row["path"], target)
    return folder


def test_500_clips_ingested_clustered_profiled(emovec: Emovec, labelled: Path) -> None:
    speakers = {folder.name: len(list(folder.iterdir())) for folder in labelled.iterdir()}
    report = emovec.json("ingest", labelled, "--customer-from", "{customer}/*", "--collection", "speech")
    assert (report["ingested"], report["failed"]) == (CLIPS, 0)

    again = emovec.json("ingest", labelled, "--customer-from", "{customer}/*", "--collection", "speech")
    assert (again["ingested"], again["unchanged"]) == (0, CLIPS)

    clusters = emovec.json("cluster", "-k", "8", "--collection", "speech")
    assert sum(cluster["size"] for cluster in clusters["clusters"]) == CLIPS
    assert -1 <= clusters["silhouette"] <= 1
    assert clusters == clusters | {"k": 8, "utterances": CLIPS, "space": "emotion"}

    speaker, count = Counter(speakers).most_common(1)[0]
    profile = emovec.json("profile", speaker, "--collection", "speech")
    assert (profile["customer"], profile["recordings"]) == (speaker, count)
    assert sum(profile["labels"].values()) == pytest.approx(1)
    assert len(profile["nearest"]) == 5
    assert all(one["customer"] != speaker for one in profile["nearest"])
    assert profile["trend"] == [], "recordings without a time stay out of trends"

    clip = next((labelled / speaker).iterdir())
    found = emovec.json("search", clip, "-k", "5", "--customer", speaker, "--collection", "speech")
    assert {match["customer"] for match in found["matches"]} == {speaker}

    deleted = emovec.json("delete", "--customer", speaker, "--yes", "--collection", "speech")
    assert deleted["recordings"] == count
    checked = emovec.json("check", "--collection", "speech")
    assert checked["consistent"]
    assert checked["recordings"] == CLIPS - count
    assert emovec.run("profile", speaker, "--collection", "speech").code == 2
