"""Downloading the published models, resumable and all or nothing."""

from __future__ import annotations

import fcntl
import http.client
import os
import shutil
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from emovec_db.encoder.checksums import check_files, write_checksums
from emovec_db.encoder.emotion2vec.directory import WEIGHTS
from emovec_db.encoder.published import PUBLISHED, PublishedModel, pullable
from emovec_db.errors import BadWeightsError, ConflictError, MissingPartError, NotFoundError

BLOCK_BYTES: Final = 1 << 20
TIMEOUT_S: Final = 60

#: called with (file, bytes so far, bytes in all or None)
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Hub:
    """Where models are published; a file's address is base_url/publisher/name/resolve/branch/file."""

    title: str
    base_url: str
    publisher: str
    branch: str

    def url(self, name: str, file: str) -> str:
        return f"{self.base_url}/{self.publisher}/{name}/resolve/{self.branch}/{file}"


MODELSCOPE: Final = Hub("ModelScope", "https://www.modelscope.cn/models", "iic", "master")
HUGGING_FACE: Final = Hub("Hugging Face", "https://huggingface.co", "emotion2vec", "main")


def pull_model(name: str, models_dir: Path, *, hub: Hub = MODELSCOPE, progress: Progress | None = None) -> Path:
    """Download the published model `name` (or hub id) into `models_dir`/name and give that path.

    A model that is there is left as it is, unless a file of it is other than it came. Files gather in a hidden folder
    beside it, an interrupted download goes on where it stopped if the hub still has the same file, and only a complete
    model gets its name.

    Raises NotFoundError (no such model), MissingPartError (hub out of reach, or it broke off), BadWeightsError (what
    came is no such model), ConflictError (another pull of the same model runs).
    """
    model = pullable(name)
    if model is None:
        known = ", ".join([*(published.name for published in PUBLISHED), "campplus"])
        raise NotFoundError(f"there is no published model {name!r}; expected one of {known}")
    target = models_dir / model.name
    models_dir.mkdir(parents=True, exist_ok=True)
    gathering = models_dir / f".{model.name}.pull"
    with _alone(models_dir / f".{model.name}.lock", model.name):
        if _is_whole(target, model):
            return target
        gathering.mkdir(exist_ok=True)
        for file in model.files:
            _download(hub, model, gathering / file, progress or _silent)
        _check(gathering, hub)
        write_checksums(gathering, model.files)
        _put_in_place(gathering, target)
    return target


def _is_whole(target: Path, model: PublishedModel) -> bool:
    """Whether the model is there and, where its checksums are too, unchanged."""
    if not all((target / file).is_file() for file in model.required_files):
        return False
    try:
        check_files(target, model.files)
    except BadWeightsError:
        return False
    return True


def _silent(_file: str, _done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


@contextmanager
def _alone(lock: Path, name: str) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConflictError(f"another pull of {name} is running; wait for it to end") from error
        yield


def _download(hub: Hub, model: PublishedModel, path: Path, progress: Progress) -> None:
    """Bring `path` from the hub unless it is there."""
    if path.is_file():
        return
    try:
        _fetch(hub.url(model.name, path.name), path, progress)
    except urllib.error.HTTPError as error:
        with error:
            raise MissingPartError(
                f"{hub.title} answers {error.code} {error.reason} for {error.url}; expected the file: try the other "
                f"hub, or put {', '.join(model.required_files)} into a directory by hand and give that"
            ) from error
    except (OSError, http.client.HTTPException) as error:
        raise MissingPartError(
            f"{path.name} of {model.name} could not be downloaded from {hub.title} ({error}): "
            f"check network and disk, then run emovec models pull {model.name} again; it goes on where it stopped"
        ) from error


def _fetch(url: str, path: Path, progress: Progress) -> None:
    """Stream `url` into `path`; the part so far and the hub's tag for it lie beside it until it is whole."""
    part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".etag")
    with _answer(url, part, tag) as response:
        done = part.stat().st_size if response.status == HTTPStatus.PARTIAL_CONTENT else 0
        length = response.headers["Content-Length"]
        total = None if length is None else done + int(length)
        _remember(tag, response.headers["ETag"])
        with part.open("ab" if done else "wb") as file:
            while block := response.read(BLOCK_BYTES):
                file.write(block)
                done += len(block)
                progress(path.name, done, total)
            file.flush()
            os.fsync(file.fileno())
    if total is not None and done != total:
        raise ConnectionError(f"{done} of {total} bytes came")
    part.rename(path)
    tag.unlink(missing_ok=True)


def _answer(url: str, part: Path, tag: Path) -> http.client.HTTPResponse:
    """The hub's answer: the rest of the file where a part of that very file is here, else all of it."""
    headers = {"User-Agent": "emovec-db", "Accept-Encoding": "identity"}
    done = part.stat().st_size if part.is_file() and tag.is_file() else 0
    rest = {"Range": f"bytes={done}-", "If-Range": tag.read_text(encoding="ascii")} if done else {}
    try:
        return _open(url, headers | rest)
    except urllib.error.HTTPError as error:
        if not rest or error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        return _open(url, headers)  # the part was whole already, or longer than the file


def _open(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 the base URL is a constant or the caller's
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
    return answer


def _check(gathering: Path, hub: Hub) -> None:
    """Whether weights came, and whole: Emotion2Vec+'s are zip archives, whose directory stands at the end."""
    if (gathering / WEIGHTS).is_file() and not zipfile.is_zipfile(gathering / WEIGHTS):
        shutil.rmtree(gathering)
        raise BadWeightsError(f"{hub.title} gave a {WEIGHTS} that is no torch file; nothing was kept: pull again")


def _remember(tag: Path, etag: str | None) -> None:
    """Only a strong tag allows to go on within a file (RFC 9110, section 13.1.5)."""
    if etag is None or etag.startswith("W/"):
        tag.unlink(missing_ok=True)
    else:
        tag.write_text(etag, encoding="ascii")


def _put_in_place(gathering: Path, target: Path) -> None:
    """Name the complete folder; remains of an incomplete one that had the name go."""
    if target.exists():
        remains = target.with_name(f".{target.name}.old")
        shutil.rmtree(remains, ignore_errors=True)
        target.rename(remains)
        gathering.rename(target)
        shutil.rmtree(remains)
    else:
        gathering.rename(target)
