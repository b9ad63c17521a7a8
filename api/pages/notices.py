"""What encoders say of themselves, in the reader's language as far as it is known here."""

from __future__ import annotations

from typing import Final

from emovec_db.api.pages.language import gettext, later

#: those of the encoders that come with the program
KNOWN: Final = (
    later(
        "compact is a small demonstration encoder, trained on acted speech: do not judge people by it. "
        "For real work use emotion2vec_plus_large (emovec models pull emotion2vec_plus_large)."
    ),
)


def notice(text: str) -> str:
    """An encoder's notice as readers are told it; one that is not known stays as it is."""
    return gettext(text)
