"""Pages say everything in both languages."""

from __future__ import annotations

import re

import pytest

from emovec_db.api.pages.notices import KNOWN
from emovec_db.api.pages.problems import EXPLANATIONS
from emovec_db.api.pages.translations import catalogue, words_of_scripts
from emovec_db.api.pages.warnings import WARNINGS
from emovec_db.audio.quality import WARNING_TEXTS
from emovec_db.encoder.compact import NOTICE
from emovec_db.errors import EmovecError
from tools.words import spoken

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def texts(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return words if isinstance(words, tuple) else (words,)


def test_the_catalogue_has_what_is_said_and_nothing_else() -> None:
    said = {message.id for message in spoken() if message.id}
    assert {message.id for message in catalogue("zh") if message.id} == said, "run `make words` and translate"


@pytest.mark.parametrize("language", ["zh"])
def test_every_message_is_translated_with_its_values(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        assert all(texts(message.string)), message.id
        assert not message.fuzzy, message.id
        wanted = set(PLACEHOLDER.findall(texts(message.id)[-1]))
        for text in texts(message.string):
            assert set(PLACEHOLDER.findall(text)) == wanted, message.id


def test_scripts_get_their_words_only() -> None:
    assert "Pause %(name)s" in words_of_scripts("zh")
    assert "About this server" not in words_of_scripts("zh")
    assert words_of_scripts("en") == {}


def test_the_notice_of_the_bundled_encoder_is_known() -> None:
    assert NOTICE in KNOWN


def errors(of: type[EmovecError]) -> set[type[EmovecError]]:
    return {of}.union(*(errors(below) for below in of.__subclasses__()))


def test_every_failure_is_explained() -> None:
    codes = {error.code for error in errors(EmovecError) if error.__module__.startswith("emovec_db.")}
    #: of commands, which no page runs
    own = {"bad_settings", "bad_row", "bad_weights", "parity", "precision"}
    assert codes - own - {EmovecError.code} <= EXPLANATIONS.keys()


def test_every_warning_is_explained() -> None:
    assert WARNINGS.keys() == WARNING_TEXTS.keys()
