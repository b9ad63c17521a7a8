"""What is shown where a page's collection isn't there: nothing is stored yet, or the address names another one."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from emovec_db.api.pages.choice import PARAMETER, collection_names, shown_name
from emovec_db.domain.collection import can_name_collection

#: endpoints that show what is stored; all others need no collection, or make it by the first recording
_OF_STORED = (
    "pages.search.",
    "pages.customers.",
    "pages.clusters.",
    "pages.archive.recording",
    "pages.archive.ask_before_deletion",
    "pages.archive.delete",
    "pages.archive.jobs",
)


def page_of_absence() -> Response | None:
    """What answers in a page's place; None where the page itself can."""
    named = request.args.get(PARAMETER)
    if named and not can_name_collection(named):
        return _page(400)
    if not (request.endpoint or "").startswith(_OF_STORED) or shown_name() in collection_names():
        return None
    is_list = not request.view_args and not collection_names()
    return _page(200 if is_list else 404)


def _page(status: int) -> Response:
    page = render_template("no_collection.html", is_possible=can_name_collection(shown_name()))
    return make_response(page, status)
