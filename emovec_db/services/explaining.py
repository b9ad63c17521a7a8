"""What of a match differs from what was searched for."""

from __future__ import annotations

from emovec_db.domain.encoding import Prediction
from emovec_db.domain.explanation import Difference, Explanation
from emovec_db.domain.recording import Utterance
from emovec_db.emotions import LABELS
from emovec_db.services.asked import Asked

#: a difference of scores below this says little: encoders differ as much between two takes of the same words
LEAST = 0.05
#: more labels than this nobody reads
MOST = 3


def explanation(asked: Asked, utterance: Utterance) -> Explanation:
    """Of a match."""
    return Explanation(
        differences=() if asked.scores is None else differences(asked.scores, utterance.prediction),
        same_recording=asked.shares(utterance, "recording"),
        same_customer=asked.shares(utterance, "customer"),
        same_speaker=asked.shares(utterance, "speaker"),
    )


def differences(of: Prediction, other: Prediction) -> tuple[Difference, ...]:
    """The labels whose scores differ most, the greatest first, ties in the order of labels."""
    each = [Difference(label, there - here) for label, here, there in zip(LABELS, of.scores, other.scores, strict=True)]
    great = [one for one in each if abs(one.more) >= LEAST]
    return tuple(sorted(great, key=lambda one: -abs(one.more))[:MOST])
