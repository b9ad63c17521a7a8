"""Importing FunASR without what its import does to the process."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import logging
import os
import random
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import torch

from emovec_db.errors import MissingPartError

INSTALL = "pip install 'emovec-db[emotion2vec]'"
#: FunASR sets it for its training scripts
HYDRA_VARIABLE = "HYDRA_FULL_ERROR"
PACKAGE = "funasr"
_ONE_AT_A_TIME = threading.RLock()
#: modules of FunASR that were imported without the rest
_kept: dict[str, ModuleType] = {}


@cache
def network_class() -> type[torch.nn.Module]:
    """FunASR's `Emotion2vec` module class. Raises MissingPartError."""
    try:
        network: type[torch.nn.Module] = module_of("funasr.models.emotion2vec.model").Emotion2vec
    except (ImportError, OSError) as error:  # OSError: a torchaudio whose CUDA libraries are absent
        raise MissingPartError(
            f"Emotion2Vec+ needs FunASR, which can't be imported ({error}): run {INSTALL}; "
            "if torchaudio is the cause, pip uninstall torchaudio"
        ) from error
    return network


def module_of(name: str) -> ModuleType:
    """A module of FunASR without the rest. Raises ImportError, OSError as importing does."""
    with funasr_alone(), process_unchanged():
        return importlib.import_module(name)


@contextlib.contextmanager
def funasr_alone() -> Iterator[None]:
    """For importing modules of FunASR, and for building what they define, which imports more.

    Importing the package itself takes in every submodule, which lasts seconds. Here it is a bare one; outside of the
    block there is nothing of it, so that whoever imports FunASR gets all of it. Where it was imported, it is used.
    """
    with _ONE_AT_A_TIME:
        if PACKAGE in sys.modules:
            yield
            return
        sys.modules.update(_kept or {PACKAGE: _bare_package()})
        try:
            yield
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
                _kept[name] = sys.modules.pop(name)


def _bare_package() -> ModuleType:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {PACKAGE!r}")
    bare = ModuleType(PACKAGE)
    bare.__path__ = list(spec.submodule_search_locations or ())
    return bare


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
