"""What every page has around its own content, and what its scripts are told."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, request, url_for

from emovec_db.api.context import context
from emovec_db.api.pages.assets import asset_url
from emovec_db.api.pages.choice import collection_names, shown_name
from emovec_db.api.pages.formats import emotion
from emovec_db.api.pages.language import gettext as _
from emovec_db.api.pages.language import language
from emovec_db.api.pages.problems import explanations
from emovec_db.api.pages.translations import LANGUAGES, words_of_scripts
from emovec_db.api.pages.voices import voice_words
from emovec_db.api.security.addresses import own_address
from emovec_db.emotions import LABELS

THEME_COOKIE = "emovec_theme"
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go to."""

    text: str
    href: str
    is_here: bool


def frame() -> dict[str, Any]:
    """Variables of every template."""
    return {
        "asset_url": asset_url,
        "collections": collection_names,
        "encoder_notice": context().database.encoder_notice,
        "language": language(),
        "languages": LANGUAGES,
        "navigation": _navigation,
        "page_facts": page_facts,
        "shown_collection": shown_name,
        "signed_in": current_app.extensions["emovec_db_access"].asks_for_key,
        "return_address": return_address,
        "style_nonce": style_nonce,
        "theme": theme(),
    }


def theme() -> str:
    """Light, dark, or as the reader's system is."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def return_address() -> str:
    """Where a reader who chose a language goes on: here, or, after a form that can't be sent again, where it was."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    parts = urlsplit(request.referrer or "")
    asked = f"{parts.path}?{parts.query}".rstrip("?")
    return own_address(asked if parts.netloc == request.host else None)


def style_nonce() -> str:
    """By which the browser knows the style elements of this page: wavesurfer.js needs one for its shadow tree."""
    if "style_nonce" not in g:
        g.style_nonce = token_urlsafe(16)
    return str(g.style_nonce)


def page_facts() -> dict[str, Any]:
    """What scripts need to know; each page can add its own by attributes of its elements."""
    name = shown_name()
    return {
        "language": language(),
        "timeZone": context().settings.timezone,
        "collection": name,
        "collectionIsThere": name in collection_names(),
        "api": url_for("collections.show_collection", name=name),
        "styleNonce": style_nonce(),
        "emotions": [
            {"label": one.label, "name": one.name, "emoji": one.emoji, "colour": one.colour}
            for one in map(emotion, LABELS)
        ],
        "voices": voice_words(),
        "words": words_of_scripts(language()),
        "explanations": explanations(),
    }


def _navigation() -> list[Link]:
    places = (
        (_("Classify"), "pages.classify"),
        (_("Search"), "pages.search"),
        (_("Archive"), "pages.archive"),
        (_("Customers"), "pages.customers"),
        (_("Clusters"), "pages.clusters"),
        (_("Server"), "pages.server"),
    )
    here = ".".join((request.endpoint or "").split(".")[:2])
    return [Link(text, url_for(f"{name}.start"), here == name) for text, name in places]
