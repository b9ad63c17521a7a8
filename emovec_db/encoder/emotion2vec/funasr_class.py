"""Importing FunASR without what its import does to the process."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import warnings
from collections.abc import Iterator

import torch

from emovec_db.errors import MissingPartError

INSTALL = "pip install 'emovec-db[emotion2vec]'"
#: FunASR sets it for its training scripts
HYDRA_VARIABLE = "HYDRA_FULL_ERROR"


def network_class() -> type[torch.nn.Module]:
    """FunASR's `Emotion2vec` module class. Raises MissingPartError."""
    try:
        with process_unchanged():
            from funasr.models.emotion2vec.model import Emotion2vec
    except (ImportError, OSError) as error:  # OSError: a torchaudio whose CUDA libraries are absent
        raise MissingPartError(
            f"Emotion2Vec+ needs FunASR, which can't be imported ({error}): run {INSTALL}; "
            "if torchaudio is the cause, pip uninstall torchaudio"
        ) from error
    network: type[torch.nn.Module] = Emotion2vec
    return network


@contextlib.contextmanager
def process_unchanged() -> Iterator[None]:
    """Undo what importing FunASR 1.4.16 does: log handler and level, notices, random state, warning filters.

    It imports every one of its submodules, and through them much that has a say in those. Variables that
    scientific packages set for their own OpenMP stay.
    """
    root, state, hydra = logging.getLogger(), random.getstate(), os.environ.get(HYDRA_VARIABLE)
    level, handlers = root.level, list(root.handlers)
    silent = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        random.setstate(state)
        if hydra is None:
            os.environ.pop(HYDRA_VARIABLE, None)
