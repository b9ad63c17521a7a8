"""In which language a page is written: as the reader chose, else as the browser asks."""

from __future__ import annotations

from flask import g, request

from emovec_db.api.pages.translations import LANGUAGES, SOURCE, translations

COOKIE = "emovec_language"


def language() -> str:
    """Of the answer to the current request."""
    if "language" not in g:
        chosen = request.cookies.get(COOKIE)
        g.language = chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, SOURCE)
    return str(g.language)


def gettext(message: str, **values: object) -> str:
    """`message` in the reader's language, with ``%(name)s`` replaced by values."""
    said = translations(language()).gettext(message)
    return said % values if values else said


def ngettext(one: str, several: str, number: int, **values: object) -> str:
    """One message or the other, by `number`, which is also the value ``num``."""
    return translations(language()).ngettext(one, several, number) % {"num": number, **values}


def plain_gettext(message: str) -> str:
    """For Jinja, which fills in the values itself, escaped."""
    return translations(language()).gettext(message)


def plain_ngettext(one: str, several: str, number: int) -> str:
    """For Jinja, which fills in the values itself, escaped."""
    return translations(language()).ngettext(one, several, number)


def later(message: str) -> str:
    """Marks a message that is looked up when it is shown, for `tools/words.py` to find."""
    return message


_ = gettext
