"""A filter as people read it."""

from __future__ import annotations

from collections.abc import Iterator

from emovec_db.api.pages.formats import day, emotion, length_of, percent
from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.voices import role_name
from emovec_db.domain.query import Filter


def filter_words(filter_: Filter) -> str:
    """All that it asks for, in one line; of an empty one, that everything counts."""
    return _("; ").join(_words(filter_)) or _("everything")


def _words(filter_: Filter) -> Iterator[str]:
    if filter_.customer is not None:
        yield _("customer %(name)s", name=filter_.customer)
    if filter_.speaker is not None:
        yield _("speaker %(name)s", name=filter_.speaker)
    if filter_.role is not None:
        yield _("role %(name)s", name=role_name(filter_.role))
    if filter_.label is not None:
        one = emotion(filter_.label)
        yield f"{one.emoji} {one.name}"
    if filter_.min_confidence is not None:
        yield _("confidence from %(share)s", share=percent(filter_.min_confidence))
    if filter_.since is not None:
        yield _("recorded from %(day)s", day=day(filter_.since))
    if filter_.until is not None:
        yield _("recorded before %(day)s", day=day(filter_.until))
    if filter_.min_duration_s is not None:
        yield _("at least %(length)s long", length=length_of(filter_.min_duration_s))
    if filter_.max_duration_s is not None:
        yield _("at most %(length)s long", length=length_of(filter_.max_duration_s))
    for key, text in filter_.metadata.items():
        yield f"{key} = {text}"
    if filter_.condition is not None:
        yield str(filter_.condition)
