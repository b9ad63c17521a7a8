"""Encoders by name, directory or hub id."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from emovec_db.domain.encoding import EncoderIdentity
from emovec_db.emotions import LABELS
from emovec_db.encoder.compact import COMPACT_PATH, CompactEncoder
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.encoder.emotion2vec.directory import REQUIRED_FILES, WEIGHTS
from emovec_db.encoder.fake import FakeEncoder
from emovec_db.encoder.onnx_directory import OnnxDirectoryEncoder, is_onnx_directory
from emovec_db.encoder.protocol import Encoder
from emovec_db.encoder.published import PUBLISHED, published_by_source
from emovec_db.encoder.verdicts import require_no_verdict
from emovec_db.errors import NotFoundError, PrecisionError

COMPACT, FAKE = "compact", "fake"
#: beyond this a clip of a few seconds gains little from another core
MOST_THREADS = 4
COMPACT_LICENCE = "CC BY-NC-SA 4.0"
COMPACT_DESCRIPTION = "demonstration encoder that comes with emovec-db; small, offline, needs no torch"


LoadedEncoder = CompactEncoder | FakeEncoder | Emotion2vecEncoder | OnnxDirectoryEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One line of `emovec models list`."""

    name: str
    #: what `emovec models pull` downloads, or where the model comes from
    source: str
    installed: bool
    #: where it is, or would be once pulled
    path: Path
    #: of the weights file on this disk; None where not installed
    size_bytes: int | None
    licence: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetails:
    """What `emovec models show` tells, read from the loaded encoder."""

    source: str
    identity: EncoderIdentity
    labels: tuple[str, ...]
    frame_rate_hz: float
    #: numbers in the network; None where the file does not say
    parameters: int | None
    backend: str
    notice: str | None


def load_encoder(
    source: str, *, models_dir: Path, precision: str | None = None, device: str = "auto", threads: int | None = None
) -> Encoder:
    """The encoder that `source` names: compact, a model in `models_dir`, a directory, or a hub id.

    A hub id (`iic/emotion2vec_plus_large`, `emotion2vec/emotion2vec_plus_large`) stands for the pulled model;
    nothing is downloaded here. A directory that `emovec models export` wrote is served by onnxruntime. `fake` is for
    tests. `precision`: None takes fp32, or the one that an ONNX file was written at. `device` is a name of `devices`;
    compact always computes on the CPU. `threads`: None takes one for compact, else one a core, at most `MOST_THREADS`.

    Raises NotFoundError (no such name), MissingPartError (extra, weights or device not there), BadWeightsError,
    PrecisionError (the encoder has another one), ParityError (`emovec models verify` found this variant too far off).
    """
    encoder = _load(source, models_dir, precision, device, threads)
    require_no_verdict(models_dir, encoder)
    return encoder


def list_models(models_dir: Path) -> tuple[ModelEntry, ...]:
    """compact, the published models, and whatever else lies in `models_dir`."""
    compact = ModelEntry(
        name=COMPACT,
        source="emovec-db",
        installed=COMPACT_PATH.is_file(),
        path=COMPACT_PATH,
        size_bytes=_size(COMPACT_PATH),
        licence=COMPACT_LICENCE,
        description=COMPACT_DESCRIPTION,
    )
    published = tuple(
        _entry(models_dir / model.name, model.hub_id, model.licence, model.description) for model in PUBLISHED
    )
    names = {model.name for model in PUBLISHED}
    folders = sorted(models_dir.iterdir()) if models_dir.is_dir() else []
    own = tuple(
        _entry(folder, str(folder), "unknown", "your own model")
        for folder in folders
        if folder.name not in names and not folder.name.startswith(".") and _is_complete(folder)
    )
    return (compact, *published, *own)


def show_model(source: str, models_dir: Path, *, device: str = "auto") -> ModelDetails:
    """Load the encoder and tell what it is. Raises what `load_encoder` raises."""
    encoder = _load(source, models_dir, None, device, None)
    return ModelDetails(
        source=source,
        identity=encoder.identity,
        labels=LABELS,
        frame_rate_hz=encoder.frame_rate_hz,
        parameters=encoder.parameters,
        backend=encoder.backend,
        notice=encoder.notice,
    )


def _load(source: str, models_dir: Path, precision: str | None, device: str, threads: int | None) -> LoadedEncoder:
    if source == COMPACT:
        # a second thread makes so small a network slower (docs/benchmarks.md)
        return _of_precision(CompactEncoder(threads=threads or 1), source, precision)
    if source == FAKE:
        return _of_precision(FakeEncoder(), source, precision)
    directory = _directory(source, models_dir)
    threads = threads or min(MOST_THREADS, os.cpu_count() or 1)
    if is_onnx_directory(directory):
        return _of_precision(OnnxDirectoryEncoder(directory, threads=threads, device=device), source, precision)
    return Emotion2vecEncoder(directory, threads=threads, device=device, precision=precision or "fp32")


def _of_precision(encoder: LoadedEncoder, source: str, precision: str | None) -> LoadedEncoder:
    """The encoder, whose file decides its precision, unless another one is asked for."""
    own = encoder.identity.precision
    if precision not in (None, own):
        raise PrecisionError(
            f"{source} computes at {own} only, and {precision} is asked for: leave the precision away (unset "
            "EMOVEC_PRECISION), or take the directory of an Emotion2Vec+ model with its model.pt"
        )
    return encoder


def _directory(source: str, models_dir: Path) -> Path:
    """The model directory that `source` means; of a published model also where it would be."""
    model = published_by_source(source)
    given = Path(source).expanduser()
    if model is not None and (source == model.name or not given.is_dir()):
        return models_dir / model.name
    for folder in (models_dir / source, given):
        if source and folder.is_dir():
            return folder
    names = ", ".join([COMPACT, *(model.name for model in PUBLISHED)])
    raise NotFoundError(
        f"there is no encoder {source!r}; expected one of {names}, a folder in {models_dir}, "
        "or a directory with config.yaml, model.pt and tokens.txt: see emovec models list"
    )


def _entry(folder: Path, source: str, licence: str, description: str) -> ModelEntry:
    installed = _is_complete(folder)
    return ModelEntry(
        name=folder.name,
        source=source,
        installed=installed,
        path=folder,
        size_bytes=_size(folder / WEIGHTS) if installed else None,
        licence=licence,
        description=description,
    )


def _is_complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in REQUIRED_FILES)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
