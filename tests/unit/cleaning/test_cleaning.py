"""Treatments by name, in the one order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.cleaning.blocks import in_blocks
from emovec_db.cleaning.high_pass import HighPass
from emovec_db.cleaning.normalise import Normalise
from emovec_db.cleaning.registry import NO_CLEANING, cleaning_named, newest_cleaning
from emovec_db.domain.sound import Waveform
from emovec_db.errors import QueryError
from tests.sounds import babble, tone


def test_the_order_is_always_the_same() -> None:
    for kinds in permutations(["normalise", "high-pass", "denoise", "high-pass"]):
        assert newest_cleaning(kinds) == ("high-pass-1", "denoise-1", "normalise-1")
    assert newest_cleaning([]) == ()


def test_treatments_run_one_after_the_other() -> None:
    sound = babble(1.0) + tone(40, 1.0)
    cleaned = cleaning_named(["high-pass-1", "normalise-1"]).clean(sound)
    np.testing.assert_array_equal(cleaned, Normalise().treat(HighPass().treat(sound)))
    assert NO_CLEANING.clean(sound) is sound


def test_the_chain_names_them() -> None:
    assert NO_CLEANING.chain("pyav-18.1/1") == "pyav-18.1/1"
    assert cleaning_named(["high-pass-1", "normalise-1"]).chain("pyav-18.1/1") == "pyav-18.1/1/high-pass-1/normalise-1"


def test_what_there_is_not_is_told_with_what_there_is() -> None:
    with pytest.raises(QueryError, match="'bleach'; expected some of: separate, high-pass, denoise, normalise"):
        newest_cleaning(["high-pass", "bleach"])
    with pytest.raises(QueryError, match="unknown cleaning 'high-pass-0'; expected some of: separate-1, "):
        cleaning_named(["high-pass-0"])


@given(samples=st.integers(0, 100_000), block_s=st.integers(1, 3), context_s=st.integers(0, 2))
def test_blocks_join_where_they_were_parted(samples: int, block_s: int, context_s: int) -> None:
    waveform = np.arange(samples, dtype=np.float32)
    seen: list[int] = []

    def halved(part: Waveform) -> Waveform:
        seen.append(len(part))
        return part / 2

    treated = in_blocks(waveform, halved, block_s=block_s, context_s=context_s)
    np.testing.assert_array_equal(treated, waveform / 2)
    assert max(seen, default=0) <= (block_s + 2 * context_s) * 16_000
