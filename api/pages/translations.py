"""What pages say, in the languages that there are: gettext catalogues, read from their .po files when first needed."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

#: by the names that browsers send, with what each calls itself; English is what the code is written in
LANGUAGES = {"en": "English", "zh": "中文"}
SOURCE = "en"
FOLDER = Path(__file__).resolve().parent.parent / "translations"
#: messages of the browser's modules stand there
_SCRIPTS = "web/src/"


@cache
def catalogue(language: str) -> Catalog:
    """Every message of pages and scripts in one language but English."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def translations(language: str) -> NullTranslations:
    """What gettext looks messages up in."""
    if language == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


@cache
def words_of_scripts(language: str) -> dict[str, str]:
    """What scripts say, by its English; empty for English."""
    if language == SOURCE:
        return {}
    return {
        str(message.id): str(message.string)
        for message in catalogue(language)
        if message.id and any(path.startswith(_SCRIPTS) for path, _ in message.locations)
    }
