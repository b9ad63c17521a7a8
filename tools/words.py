"""Collect what pages and scripts say into the catalogues of other languages, keeping what is translated.

    make words                       write api/translations/*.po anew
    python -m tools.words OTHER.po   and take translations that are missing there from other catalogues of the language

Messages that nobody says any more go, new ones come untranslated; a test wants every one of them translated.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "api" / "translations"
METHODS = {"api": [("**.py", "python"), ("**/templates/**.html", "jinja2")], "web/src": [("**.js", "javascript")]}
#: what else the header has are times and names
KEPT_OF_HEADER = ("msgid", "msgstr", '"Language:', '"Plural-Forms', '"MIME', '"Content')
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "later": None, "t": None}


def spoken() -> Catalog:
    """Every message in the sources, sorted, with the files that say it."""
    catalogue = Catalog(charset="utf-8")
    for folder, methods in METHODS.items():
        options = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
        for path, _, message, _, context in extract_from_dir(
            ROOT / folder, methods, options, KEYWORDS, strip_comment_tags=True
        ):
            catalogue.add(message, locations=[(f"{folder}/{path}", 0)], context=context)
    return catalogue


def translated(language: str, others: Iterator[Path]) -> Catalog:
    """What is said, with what is known of it in a language."""
    catalogue = spoken()
    catalogue.locale = language
    for path in (FOLDER / f"{language}.po", *others):
        with path.open("rb") as file:
            known = read_po(file, locale=language)
        for message in catalogue:
            found = known.get(message.id) if message.id and not any(_texts(message)) else None
            if found is not None and any(_texts(found)):
                message.string = found.string
    return catalogue


def write(catalogue: Catalog, path: Path) -> None:
    """Without times and line numbers, so that it changes only when words do."""
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, omit_header=False, include_lineno=False)
    header, blank, rest = path.read_text(encoding="utf-8").partition("\n\n")
    kept = [line for line in header.splitlines() if line.startswith(KEPT_OF_HEADER)]
    path.write_text("\n".join(kept) + blank + rest, encoding="utf-8")


def _texts(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def main() -> None:
    """Write every catalogue anew."""
    for path in sorted(FOLDER.glob("*.po")):
        catalogue = translated(path.stem, iter(map(Path, sys.argv[1:])))
        write(catalogue, path)
        missing = [message.id for message in catalogue if message.id and not all(_texts(message))]
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(catalogue)} messages, {len(missing)} to translate\n")
        sys.stdout.writelines(f"  {message}\n" for message in missing)


if __name__ == "__main__":
    main()
