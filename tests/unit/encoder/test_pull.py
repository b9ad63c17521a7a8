"""Pulling a model from a hub, which here is a server of this test."""

from __future__ import annotations

import fcntl
import io
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from emovec_db.encoder.checksums import CHECKSUMS
from emovec_db.encoder.published import CAMPPLUS
from emovec_db.encoder.pull import HUGGING_FACE, MODELSCOPE, Hub, pull_model
from emovec_db.errors import BadWeightsError, ConflictError, MissingPartError, NotFoundError

NAME = "emotion2vec_plus_seed"


def torch_like(size: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("data", bytes(range(256)) * (size // 256))
    return content.getvalue()


@dataclass
class Site:
    """What the hub serves and was asked for."""

    base_url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"first"'
    #: answers break off after so many bytes
    breaks_after: int | None = None
    #: sends the files from /elsewhere, as Hugging Face does
    redirects: bool = False
    #: (path, Range) of each request
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    files = {"config.yaml": b"model: Emotion2vec", "configuration.json": b"{}", "tokens.txt": b"angry"}
    site = Site(files=files | {"model.pt": torch_like(100_000)})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested = self.headers["Range"]
            site.requests.append((self.path, requested))
            content = site.files.get(self.path.rsplit("/", 1)[-1])
            if site.redirects and not self.path.startswith("/elsewhere"):
                self.send_response(302)
                self.send_header("Location", "/elsewhere" + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif content is None:
                self.send_error(404)
            else:
                self.answer(content, requested if self.headers["If-Range"] == site.etag else None)

        def answer(self, content: bytes, requested: str | None) -> None:
            start = int(requested.removeprefix("bytes=").removesuffix("-")) if requested else 0
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if requested else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", site.etag)
            self.end_headers()
            self.wfile.write(content[start:][: site.breaks_after])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.base_url = f"http://127.0.0.1:{server.server_port}/models"
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


def hub(site: Site, like: Hub = MODELSCOPE) -> Hub:
    return replace(like, base_url=site.base_url)


def content_of(folder: Path) -> dict[str, bytes]:
    """The model's files, once their checksums have been compared by sha256sum itself."""
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", CHECKSUMS], cwd=folder, check=True)
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != CHECKSUMS}


def test_addresses() -> None:
    assert MODELSCOPE.url("m", "model.pt") == "https://www.modelscope.cn/models/iic/m/resolve/master/model.pt"
    assert HUGGING_FACE.url("m", "model.pt") == "https://huggingface.co/emotion2vec/m/resolve/main/model.pt"


@pytest.mark.parametrize("redirects", [False, True])
def test_whole_model(site: Site, tmp_path: Path, redirects: bool) -> None:
    site.redirects = redirects
    seen: list[tuple[str, int, int | None]] = []
    path = pull_model(NAME, tmp_path, hub=hub(site, HUGGING_FACE), progress=lambda *step: seen.append(step))
    assert path == tmp_path / NAME
    assert content_of(path) == site.files
    assert site.requests[0] == (f"/models/emotion2vec/{NAME}/resolve/main/config.yaml", None)
    size = len(site.files["model.pt"])
    assert seen[-1] == ("model.pt", size, size)
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_dir()] == [NAME]


@pytest.mark.parametrize("name", ["campplus", "iic/speech_campplus_sv_zh-cn_16k-common"])
def test_what_tells_voices_apart_comes_too(site: Site, tmp_path: Path, name: str) -> None:
    site.files = {"config.yaml": b"model: CAMPPlus", "configuration.json": b"{}", "campplus_cn_common.bin": b"weights"}
    path = pull_model(name, tmp_path, hub=hub(site))
    assert path == tmp_path / CAMPPLUS.name
    assert content_of(path) == site.files
    assert site.requests[0][0] == f"/models/iic/{CAMPPLUS.name}/resolve/master/config.yaml"
    asked = len(site.requests)
    assert pull_model(name, tmp_path, hub=hub(site)) == path
    assert len(site.requests) == asked


def test_what_is_there_stays(site: Site, tmp_path: Path) -> None:
    path = pull_model(NAME, tmp_path, hub=hub(site))
    asked = len(site.requests)
    assert pull_model(f"iic/{NAME}", tmp_path, hub=hub(site)) == path
    assert len(site.requests) == asked


def test_what_was_damaged_comes_again(site: Site, tmp_path: Path) -> None:
    path = pull_model(NAME, tmp_path, hub=hub(site))
    (path / "model.pt").write_bytes(site.files["model.pt"][:-7])
    assert content_of(pull_model(NAME, tmp_path, hub=hub(site))) == site.files


def test_what_was_put_there_by_hand_stays(site: Site, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    for file, content in site.files.items():
        (tmp_path / NAME / file).write_bytes(content)
    assert pull_model(NAME, tmp_path, hub=hub(site)) == tmp_path / NAME
    assert site.requests == []


def broken_off(site: Site, tmp_path: Path, after: int) -> None:
    site.breaks_after = after
    with pytest.raises(MissingPartError, match=rf"{after} of \d+ bytes came.*run emovec models pull {NAME} again"):
        pull_model(NAME, tmp_path, hub=hub(site))
    assert not (tmp_path / NAME).exists()
    site.breaks_after = None
    site.requests.clear()


def test_broken_download_goes_on(site: Site, tmp_path: Path) -> None:
    broken_off(site, tmp_path, 40_000)
    path = pull_model(NAME, tmp_path, hub=hub(site))
    assert content_of(path) == site.files
    assert [requested for _, requested in site.requests] == ["bytes=40000-"]


def test_file_that_changed_meanwhile_comes_whole(site: Site, tmp_path: Path) -> None:
    broken_off(site, tmp_path, 40_000)
    site.etag, site.files["model.pt"] = '"second"', torch_like(120_000)[::1]
    assert content_of(pull_model(NAME, tmp_path, hub=hub(site))) == site.files


@pytest.mark.parametrize("etag", ['W/"weak"'])
def test_weak_tags_allow_no_going_on(site: Site, tmp_path: Path, etag: str) -> None:
    site.etag = etag
    broken_off(site, tmp_path, 40_000)
    assert content_of(pull_model(NAME, tmp_path, hub=hub(site))) == site.files
    assert [requested for _, requested in site.requests] == [None]


def test_part_that_was_whole_already(site: Site, tmp_path: Path) -> None:
    """Killed between the last byte and the name."""
    gathering = tmp_path / f".{NAME}.pull"
    gathering.mkdir()
    (gathering / "model.pt.part").write_bytes(site.files["model.pt"])
    (gathering / "model.pt.etag").write_text(site.etag)
    assert content_of(pull_model(NAME, tmp_path, hub=hub(site))) == site.files


def test_remains_under_the_models_name_are_replaced(site: Site, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "model.pt").write_bytes(b"half")
    assert content_of(pull_model(NAME, tmp_path, hub=hub(site))) == site.files


def test_something_else_than_weights(site: Site, tmp_path: Path) -> None:
    site.files["model.pt"] = b"<html>please log in</html>"
    with pytest.raises(BadWeightsError, match="no torch file"):
        pull_model(NAME, tmp_path, hub=hub(site))
    assert [entry for entry in tmp_path.iterdir() if entry.is_dir()] == []


def test_absent_file(site: Site, tmp_path: Path) -> None:
    del site.files["tokens.txt"]
    with pytest.raises(MissingPartError, match=rf"ModelScope answers 404 .*/{NAME}/resolve/master/tokens\.txt"):
        pull_model(NAME, tmp_path, hub=hub(site))


def test_hub_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match=r"config\.yaml .* could not be downloaded from ModelScope"):
        pull_model(NAME, tmp_path, hub=replace(MODELSCOPE, base_url="http://127.0.0.1:9/models"))


def test_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="expected one of emotion2vec_plus_large"):
        pull_model("emotion2vec_base", tmp_path)


def test_two_pulls_at_once(site: Site, tmp_path: Path) -> None:
    with (tmp_path / f".{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConflictError, match="another pull"):
            pull_model(NAME, tmp_path, hub=hub(site))
    assert site.requests == []
