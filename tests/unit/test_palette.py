"""The nine colours are told apart, also by people who confuse some."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from emovec_db.emotions import EMOTIONS


def matrix(text: str) -> NDArray[np.float64]:
    return np.array(text.split(), dtype=np.float64).reshape(3, 3)


#: How people without one kind of cone see linear RGB: Machado, Oliveira, Fernandes 2009, severity 1.0
SEEN_BY = {
    "most people": np.eye(3),
    "protanopes": matrix("0.152286 1.052583 -0.204868  0.114503 0.786281 0.099216  -0.003882 -0.048116 1.051998"),
    "deuteranopes": matrix("0.367322 0.860646 -0.227968  0.280085 0.672501 0.047413  -0.011820 0.042940 0.968881"),
    "tritanopes": matrix("1.255528 -0.076749 -0.178779  -0.078411 0.930809 0.147602  0.004733 0.691367 0.303900"),
}
#: Oklab (Ottosson 2020): from linear RGB to cones, from their cube roots to lightness and two axes of colour
CONES = matrix("0.41222147 0.53633254 0.05144599  0.21190350 0.68069955 0.10739696  0.08830246 0.28171884 0.62997870")
AXES = matrix("0.21045426 0.79361779 -0.00407205  1.97799850 -2.42859221 0.45059371  0.02590404 0.78277177 -0.80867577")
#: some six times what is just seen when colours lie side by side (about .02)
LEAST_DISTANCE = 0.115


def linear(colour: str) -> NDArray[np.float64]:
    encoded = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return AXES @ np.cbrt(CONES @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("people", SEEN_BY)
def test_no_two_look_alike(people: str) -> None:
    seen = {one.label: oklab(SEEN_BY[people] @ linear(one.colour)) for one in EMOTIONS}
    for first, second in itertools.combinations(seen, 2):
        assert np.linalg.norm(seen[first] - seen[second]) >= LEAST_DISTANCE, (first, second)
