"""`emovec serve` as processes: a port of its own, a worker that may die, an end that leaves nothing."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import soundfile

from emovec_db.api.app import LISTENERS
from tests.integration.worker.processes import Running, alive, running, until
from tests.sounds import tone

ROOT = Path(__file__).resolve().parents[3]


def _environment(data: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "EMOVEC_DATA_DIR": str(data), "EMOVEC_ENCODER": "fake"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Running]:
    """One server for all tests that leave it at work."""
    with running(["-m", "emovec_db", "serve", "--port", "0"], folder, _environment(folder / "data")) as process:
        yield process


class Site:
    """Requests to a server under test, by the standard library only."""

    def __init__(self, served: Running) -> None:
        self.port = int(served.match(r"emovec-db is ready: http://127\.0\.0\.1:(\d+)")[1])

    def get(self, address: str) -> Any:
        return self._ask("GET", address, b"", {})[1]

    def upload(self, collection: str, path: Path, query: str = "") -> tuple[int, Any]:
        head = f'--B\r\nContent-Disposition: form-data; name="recording"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + b"\r\n--B--\r\n"
        address = f"/v1/collections/{collection}/recordings{query}"
        return self._ask("POST", address, body, {"Content-Type": "multipart/form-data; boundary=B"})

    @contextmanager
    def listening(self) -> Iterator[HTTPResponse]:
        """The answer of `GET /v1/jobs/events`, which goes on until the connection is closed."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", "/v1/jobs/events")
            with connection.getresponse() as response:
                yield response
        finally:
            connection.close()

    def _ask(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, address, body, headers)
            response = connection.getresponse()
            return response.status, orjson.loads(response.read())
        finally:
            connection.close()


def test_upload_and_wait(served: Running, tmp_path: Path) -> None:
    site = Site(served)
    soundfile.write(tmp_path / "secretname.wav", tone(400, 2), 16_000)
    status, job = site.upload("first", tmp_path / "secretname.wav", "?wait=60")
    assert (status, job["state"]) == (201, "done")
    (recording,) = site.get("/v1/collections/first/recordings")["items"]
    assert recording["label"] == "disgusted"
    assert "secretname" not in served.text()


def test_a_worker_killed_mid_job_is_replaced_and_the_job_finishes_once(served: Running, tmp_path: Path) -> None:
    site = Site(served)
    # eight minutes in eight bits: small enough to upload, long enough to be caught at work
    spoken, rate_hz = soundfile.read(ROOT / "samples" / "amara" / "2026-03-11_delivery.wav")
    soundfile.write(tmp_path / "long.wav", np.resize(spoken, 480 * rate_hz), rate_hz, subtype="PCM_U8")
    _, queued = site.upload("second", tmp_path / "long.wav")
    address = f"/v1/jobs/{queued['job_id']}"
    until(lambda: site.get(address)["state"] == "running")
    (worker,) = served.children("emovec_db.worker")
    os.kill(worker, signal.SIGKILL)
    assert site.get(address)["state"] == "running", "the worker was killed too late to prove anything"
    (replacement,) = until(lambda: [pid for pid in served.children("emovec_db.worker") if pid != worker])

    job = until(lambda: _if_finished(site.get(address)))

    assert (job["state"], job["items"][0]["attempts"]) == ("done", 2)
    (recording,) = site.get("/v1/collections/second/recordings")["items"]
    shown = site.get(f"/v1/collections/second/recordings/{recording['recording_id']}")
    starts = [one["start_s"] for one in shown["utterances"]]
    assert starts == sorted(set(starts))
    heard_s = sum(one["end_s"] - one["start_s"] for one in shown["utterances"])
    assert heard_s + sum(shown["left_out"].values()) == pytest.approx(480)
    assert alive(replacement)


def test_a_replaced_server_keeps_its_port(served: Running) -> None:
    site = Site(served)
    (server,) = served.children("emovec_db.api")
    os.kill(server, signal.SIGKILL)
    until(lambda: [pid for pid in served.children("emovec_db.api") if pid != server])
    assert site.get("/healthz") == {"status": "ok"}


def test_a_listener_that_is_gone_gives_its_place_back(served: Running, tmp_path: Path) -> None:
    site = Site(served)
    with site.listening() as first, site.listening() as second:
        assert (first.status, second.status) == (200, 200)
        rest = [site.listening() for _ in range(LISTENERS - 2)]
        with ExitStack() as all_places:
            assert {all_places.enter_context(one).status for one in rest} == {200}
            with site.listening() as refused:
                assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
            assert site.get("/healthz") == {"status": "ok"}
            soundfile.write(tmp_path / "heard.wav", tone(600, 2), 16_000)
            status, job = site.upload("listened", tmp_path / "heard.wav", "?wait=60")
            assert status == 201
            assert _last_told(first, job["job_id"])["counts"] == {"ingested": 1}

    def listened() -> bool:
        # news make the server speak, and so notice who is gone
        site.upload("listened", tmp_path / "heard.wav", "?wait=60")
        with site.listening() as answer:
            return answer.status == 200

    until(listened)


def test_listeners_go_when_the_server_ends(tmp_path: Path) -> None:
    arguments = ["-m", "emovec_db", "serve", "--port", "0"]
    with running(arguments, tmp_path, _environment(tmp_path / "data")) as served:
        with Site(served).listening() as answer:
            assert answer.readline().startswith(b"retry:")
            served.process.send_signal(signal.SIGTERM)
            answer.read()  # to an end in due form, not to a connection that was cut
        assert served.process.wait(90) == 0


def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    arguments = ["-m", "emovec_db", "serve", "--port", "0"]
    with running(arguments, tmp_path, _environment(tmp_path / "data")) as served:
        Site(served)
        children = served.children("emovec_db.")
        assert len(children) == 2
        served.process.kill()
        until(lambda: not any(alive(child) for child in children))


def test_without_a_worker(tmp_path: Path) -> None:
    arguments = ["-m", "emovec_db", "serve", "--port", "0", "--no-worker"]
    with running(arguments, tmp_path, _environment(tmp_path / "data")) as served:
        Site(served)
        assert len(served.children("emovec_db.")) == 1
        assert served.end() == 0


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ["-m", "emovec_db", "serve", "--port", str(port)]
        with running(arguments, tmp_path, _environment(tmp_path / "data")) as served:
            assert served.process.wait(60) == 2
            assert f"can't listen on 127.0.0.1 port {port}" in served.text()


def test_an_open_address_without_a_key_is_refused(tmp_path: Path) -> None:
    arguments = ["-m", "emovec_db", "serve", "--host", "0.0.0.0", "--port", "0"]
    with running(arguments, tmp_path, _environment(tmp_path / "data")) as served:
        assert served.process.wait(60) == 2
        assert "EMOVEC_API_KEY" in served.text()


def _last_told(answer: HTTPResponse, job_id: int) -> dict[str, Any]:
    """The job as an event tells of it when it is over."""
    for line in answer:
        if line.startswith(b"data: "):
            for job in orjson.loads(line.removeprefix(b"data: "))["items"]:
                if job["job_id"] == job_id and _if_finished(job):
                    return dict(job)
    raise AssertionError("the server ended the stream")


def _if_finished(job: dict[str, Any]) -> dict[str, Any] | None:
    return job if job["state"] in ("done", "failed") else None
