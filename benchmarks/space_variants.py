"""Ways to compare utterances that were tried and not taken; `similarity.py` measures them.

Each is fitted to some utterances, without labels by people, and then maps others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.query import Heard
from emovec_db.spaces.registry import SPACES

#: (fitted to, utterances) -> float32 (n, d) unit vectors
Variant = Callable[[Heard, Heard], NDArray[np.float32]]
Rows = NDArray[np.float64]

SHRINKAGE = 10
#: predictions above it count as labels
CONFIDENT = 0.5
#: added to covariances, as a share of their mean variance
RIDGE = 0.1
#: directions of speakers that NAP takes out
NUISANCES = 8


def centred(fitted_to: Heard, heard: Heard) -> NDArray[np.float32]:
    """Cosine of embeddings without their speaker's shrunken mean."""
    return _unit(_centred(_unit(fitted_to.embeddings), _unit(heard.embeddings), fitted_to, heard))


def centred_and_scores(fitted_to: Heard, heard: Heard) -> NDArray[np.float32]:
    """Half that, half the Hellinger closeness of the scores as they are."""
    return _halves(centred(fitted_to, heard), _roots(heard))


def centred_and_centred_scores(fitted_to: Heard, heard: Heard) -> NDArray[np.float32]:
    """Half that, half the cosine of the roots of the scores without their speaker's shrunken mean."""
    roots = _centred(_roots(fitted_to), _roots(heard), fitted_to, heard)
    return _halves(centred(fitted_to, heard), _unit(roots))


def wccn(fitted_to: Heard, heard: Heard) -> NDArray[np.float32]:
    """Within-class covariance normalisation (Hatch et al., Interspeech 2006), classes as predicted."""
    reference = _centred(_unit(fitted_to.embeddings), _unit(fitted_to.embeddings), fitted_to, fitted_to)
    rows = _centred(_unit(fitted_to.embeddings), _unit(heard.embeddings), fitted_to, heard)
    values, vectors = np.linalg.eigh(_within(reference, fitted_to.scores.argmax(axis=1)))
    return _unit(rows @ (vectors / np.sqrt(values)))


def wccn_and_centred_scores(fitted_to: Heard, heard: Heard) -> NDArray[np.float32]:
    """Half that, half the centred scores."""
    roots = _centred(_roots(fitted_to), _roots(heard), fitted_to, heard)
    return _halves(wccn(fitted_to, heard), _unit(roots))


def lda(fitted_to: Heard, heard: Heard) -> NDArray[np.float32]:
    """Linear discriminant analysis (Fisher 1936) on confident predictions."""
    reference, sure = _unit(fitted_to.embeddings), fitted_to.scores.max(axis=1) >= CONFIDENT
    classes = fitted_to.scores.argmax(axis=1)[sure]
    rows, mean = reference[sure], reference[sure].mean(axis=0)
    means = np.stack([rows[classes == one].mean(axis=0) - mean for one in np.unique(classes)])
    values, vectors = np.linalg.eigh(_within(rows, classes))
    white = vectors / np.sqrt(values)
    _, _, directions = np.linalg.svd(means @ white, full_matrices=False)
    return _unit((_unit(heard.embeddings) - mean) @ white @ directions[: len(means) - 1].T)


def nap(fitted_to: Heard, heard: Heard) -> NDArray[np.float32]:
    """Nuisance attribute projection (Solomonoff et al., Odyssey 2004) of the speakers' main directions."""
    reference = _unit(fitted_to.embeddings)
    mean = reference.mean(axis=0)
    people = np.stack([reference[fitted_to.people == one].mean(axis=0) - mean for one in set(fitted_to.people)])
    _, _, directions = np.linalg.svd(people, full_matrices=False)
    nuisance = directions[:NUISANCES]
    rows = _unit(heard.embeddings) - mean
    return _unit(rows - rows @ nuisance.T @ nuisance)


def _within(rows: Rows, classes: NDArray[np.int64]) -> Rows:
    """Covariance around the class means, with a ridge."""
    rest = np.concatenate([rows[classes == one] - rows[classes == one].mean(axis=0) for one in np.unique(classes)])
    covariance = rest.T @ rest / len(rest)
    return covariance + RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))


def _centred(reference: Rows, rows: Rows, fitted_to: Heard, heard: Heard) -> Rows:
    """Rows without the mean of `reference` and, of people who are in it, their shrunken distance from it."""
    result = rows - reference.mean(axis=0)
    for person in set(heard.people):
        own = reference[fitted_to.people == person] - reference.mean(axis=0)
        result[heard.people == person] -= own.sum(axis=0) / (len(own) + SHRINKAGE)
    return result


def _roots(heard: Heard) -> NDArray[np.float32]:
    return SPACES["scores"].project(heard)


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _halves(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([first, second], axis=1) * np.float32(math.sqrt(0.5))


@dataclass(frozen=True, slots=True)
class Tried:
    """A variant fitted to some utterances: as much of a space as measuring needs."""

    variant: Variant
    fitted_to: Heard

    def project(self, heard: Heard) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, d)."""
        return self.variant(self.fitted_to, heard)


VARIANTS: Mapping[str, Variant] = {
    "centred embedding": centred,
    "centred embedding + scores": centred_and_scores,
    "centred embedding + centred scores": centred_and_centred_scores,
    "WCCN": wccn,
    "WCCN + centred scores": wccn_and_centred_scores,
    "LDA": lda,
    "NAP": nap,
}
