"""500 real clips through a server that runs as `emovec serve` starts it, asked over the network."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.worker.processes import running, until

SPEECH = "collections/speech"
CLIPS = 500
#: files sent in one request
FILES = 25


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("served")
    environment = {"EMOVEC_DATA_DIR": str(folder / "data")}
    with running(["-m", "emovec_db", "serve", "--port", "0"], folder, environment) as server:
        address = server.match(r"is ready: (http://\S+)")[1]
        with httpx.Client(base_url=f"{address}/v1/", timeout=120) as opened:
            yield opened


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "speech" / "labels.csv").open(encoding="utf-8") as file:
        return random.Random(11).sample(list(csv.DictReader(file)), CLIPS)


def upload(client: httpx.Client, speaker: str, paths: list[Path]) -> list[int]:
    """Job ids."""
    with ExitStack() as open_files:
        files = [("recording", (path.name, open_files.enter_context(path.open("rb")))) for path in paths]
        answer = client.post(f"{SPEECH}/recordings", data={"customer": speaker}, files=files)
    assert answer.status_code == 202, answer.text
    document = answer.json()
    return [job["job_id"] for job in document.get("items", [document])]


def items(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """All pages."""
    found, cursor = [], None
    while True:
        answer = client.get(path, params={**params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


def test_500_clips_uploaded_searched_clustered_profiled(
    client: httpx.Client, rows: list[dict[str, str]], shared_data: Path
) -> None:
    by_speaker: dict[str, list[Path]] = {}
    for row in rows:
        by_speaker.setdefault(row["speaker"], []).append(shared_data / "speech" / row["path"])
    jobs: list[int] = []
    for speaker, paths in by_speaker.items():
        for start in range(0, len(paths), FILES):
            jobs += upload(client, speaker, paths[start : start + FILES])
    assert len(jobs) == CLIPS

    def finished() -> bool:
        states = Counter(job["state"] for job in items(client, "jobs", limit=200))
        assert states["failed"] == 0
        return states["done"] == CLIPS

    until(finished, timeout_s=200)
    recordings = items(client, f"{SPEECH}/recordings", limit=200)
    assert len(recordings) == CLIPS
    assert Counter(one["customer"] for one in recordings) == {
        speaker: len(paths) for speaker, paths in by_speaker.items()
    }

    speaker, paths = max(by_speaker.items(), key=lambda one: len(one[1]))
    with paths[0].open("rb") as file:
        asked = {"k": 5, "space": "embedding"}
        found = client.post(f"{SPEECH}/searches", data=asked, files={"recording": (paths[0].name, file)}).json()
    assert found["matches"][0]["similarity"] == pytest.approx(1, abs=1e-5)
    assert found["matches"][0]["customer"] == speaker
    recording = found["matches"][0]["recording_id"]
    assert client.get(f"{SPEECH}/recordings/{recording}/audio").content == paths[0].read_bytes()

    clustering = client.post(f"{SPEECH}/clusterings", json={"k": 6}).json()
    assert sum(cluster["size"] for cluster in clustering["clusters"]) == CLIPS
    profile = client.get(f"{SPEECH}/customers/{speaker}/profile").json()
    assert profile["recordings"] == len(paths)
    assert sum(profile["labels"].values()) == pytest.approx(1)

    assert client.delete(f"{SPEECH}/recordings/{recording}").status_code in (200, 204)
    assert client.get(f"{SPEECH}/recordings/{recording}").status_code == 404
    assert client.get(f"{SPEECH}/recordings/{recording}/audio").status_code == 404
    assert len(items(client, f"{SPEECH}/recordings", limit=200)) == CLIPS - 1
