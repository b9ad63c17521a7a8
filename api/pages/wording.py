"""What a prediction comes to, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emovec_db.api.pages.formats import emotion, percent
from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.language import later
from emovec_db.domain.encoding import Prediction
from emovec_db.emotions import LABELS, LIKELY_FROM, SURE_ABOVE

#: the second score is told where it is at least this, and within so many points of the first or this share of it
SECOND_FROM: Final = 0.2
SECOND_WITHIN: Final = 0.15
SECOND_SHARE: Final = 0.5
_WITH: Final = {
    "angry": later("with anger"),
    "disgusted": later("with disgust"),
    "fearful": later("with fear"),
    "happy": later("with happiness"),
    "neutral": later("partly neutral"),
    "other": later("with something else"),
    "sad": later("with sadness"),
    "surprised": later("with surprise"),
    "unknown": later("with something unknown"),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """A label as people are told it: with the second emotion where that is close, and how sure it is."""

    prediction: Prediction
    second: str | None

    @classmethod
    def of(cls, prediction: Prediction) -> Wording:
        return cls(prediction, second_close(prediction))

    @property
    def words(self) -> str:
        """For example ``Sad, with anger``."""
        first = emotion(self.prediction.label).name
        if self.second is None:
            return first
        return _("%(first)s, %(with_second)s", first=first, with_second=_(_WITH[self.second]))

    @property
    def meaning(self) -> str:
        """What its confidence means, in a sentence."""
        confidence, sure, likely = self.prediction.confidence, percent(SURE_ABOVE), percent(LIKELY_FROM)
        if confidence > SURE_ABOVE:
            return _(
                "Sure is what is above %(sure)s: it sounds much like speech that people gave this label.", sure=sure
            )
        if confidence >= LIKELY_FROM:
            return _(
                "Likely is what is from %(likely)s to %(sure)s: listen yourself before you rely on it.",
                likely=likely,
                sure=sure,
            )
        return _(
            "Uncertain is what is below %(likely)s: several emotions fit. Listen yourself, and look at all scores.",
            likely=likely,
        )


def second_close(prediction: Prediction) -> str | None:
    """The label of the second score, where it is close to the first."""
    (_first, first), (label, second), *_rest = sorted(
        zip(LABELS, prediction.scores, strict=True), key=lambda one: -one[1]
    )
    is_close = first - second <= SECOND_WITHIN or second >= SECOND_SHARE * first
    return label if second >= SECOND_FROM and is_close else None
