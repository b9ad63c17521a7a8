"""Going on where an answer ended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from emovec_db.domain.collection import Collection
from emovec_db.domain.query import Match
from emovec_db.domain.search_cursor import SearchCursor
from emovec_db.domain.similar import Examples, Question
from emovec_db.domain.sought import Sought
from emovec_db.errors import QueryError
from emovec_db.spaces.protocol import Space


def digest_of(collection: Collection, space: Space, sought: Sought, question: Question) -> str:
    """The same for the same question, however many matches are wanted of it and from where on.

    Raises:
        QueryError: the question's cursor is of another one.
    """
    asked = (
        collection.collection_id,
        collection.generation.generation_id,
        space.name,
        space.version,
        replace(question, k=1, cursor=None),
        sought if isinstance(sought, Examples) else sought.identity,
    )
    digest = hashlib.sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    place = question.place
    if place is not None and place.digest != digest:
        raise QueryError(
            "the cursor is of another question, or of a space or generation that was replaced: expected the "
            "next_cursor of an answer to this one; ask again without a cursor"
        )
    return digest


def page_of(
    found: Sequence[Match], question: Question, digest: str, *, more: bool
) -> tuple[tuple[Match, ...], str | None]:
    """The matches behind the question's cursor, and the cursor that goes on behind them.

    `found` are all matches from the first on, `more` tells whether there may be others. What came in meanwhile and
    lies before the cursor is passed over.
    """
    place = question.place
    behind = [match for match in found if place is None or place.is_before(match)]
    page = tuple(behind[: question.k])
    given = len(found) - len(behind) + len(page)
    if not more and given == len(found):
        return page, None
    if page:
        last = page[-1]
        place = SearchCursor(
            digest=digest, given=given, similarity=last.similarity, utterance_id=last.utterance.utterance_id
        )
    return page, None if place is None else str(replace(place, given=given))
