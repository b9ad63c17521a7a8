"""Uploaded recordings: files on disk for as long as the request lasts, never in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile
from typing import IO, Any, cast

from flask import Request, request
from werkzeug.datastructures import FileStorage

from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import EmovecError
from emovec_db.settings import Settings

#: files and fields of one request
MAX_PARTS = 64
MAX_FIELD_BYTES = 100_000
MAX_JSON_BYTES = 1_000_000
#: 100 embeddings of a thousand numbers, and more
MAX_BATCH_BYTES = 8_000_000
#: an embedding as bytes
NPY, FLOATS = "application/x-npy", "application/octet-stream"
#: 8,192 numbers of 8 bytes, and a header
MAX_VECTOR_BYTES = 80_000
#: what multipart adds around the files
_ENVELOPE_BYTES = 64 * 1024
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


class UploadRequest(Request):
    """A request whose uploaded files have a path, so that the decoder can read them where they lie."""

    max_form_parts = MAX_PARTS
    max_form_memory_size = MAX_FIELD_BYTES

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return cast("IO[bytes]", NamedTemporaryFile(prefix="emovec-upload-", suffix=plain_suffix(filename or "")))


def max_request_bytes(settings: Settings) -> int:
    """The greatest body, enforced while it is read."""
    return int(settings.upload_max_mb * 1_000_000) + _ENVELOPE_BYTES


def limit_body() -> None:
    """JSON bodies and embeddings are read into memory, so they have to be smaller than uploads."""
    if request.is_json:
        is_batch = str(request.url_rule).endswith("/searches/batch")
        request.max_content_length = MAX_BATCH_BYTES if is_batch else MAX_JSON_BYTES
    elif request.mimetype in {NPY, FLOATS}:
        request.max_content_length = MAX_VECTOR_BYTES


def upload_limits(settings: Settings) -> SoundLimits:
    """How much sound one uploaded file may hold."""
    return SoundLimits(int(settings.upload_max_mb * 1_000_000), settings.upload_max_minutes * 60)


def shown_name(file: FileStorage) -> str:
    """The name that the sender gave, without folders."""
    return re.split(r"[/\\]", file.filename or "")[-1] or "recording"


def plain_suffix(name: str) -> str:
    """A file's suffix such as ``.wav``; none where it has signs that names of files and headers had better not have."""
    suffix = PurePath(name).suffix
    return suffix if _SUFFIX.fullmatch(suffix) else ""


@contextmanager
def on_disk(*files: FileStorage) -> Iterator[tuple[Path, ...]]:
    """Where the uploads lie; errors raised inside name them as the sender did."""
    paths = tuple(_flushed(file) for file in files)
    try:
        yield paths
    except EmovecError as error:
        for path, file in zip(paths, files, strict=True):
            error.message = error.message.replace(str(path), shown_name(file)).replace(path.name, shown_name(file))
        raise


def _flushed(file: FileStorage) -> Path:
    stream: Any = file.stream
    stream.flush()
    return Path(stream.name)
