"""What people see in a browser: one module a page, all over the services that the API uses too."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_compress import Compress

from emovec_db.api.pages.absence import page_of_absence
from emovec_db.api.pages.archive import archive
from emovec_db.api.pages.assets import keep_assets
from emovec_db.api.pages.choice import carry_choice
from emovec_db.api.pages.classify import classify
from emovec_db.api.pages.clusters import clusters
from emovec_db.api.pages.customers import customers
from emovec_db.api.pages.docs import docs
from emovec_db.api.pages.formats import FILTERS
from emovec_db.api.pages.frame import frame
from emovec_db.api.pages.language import plain_gettext, plain_ngettext
from emovec_db.api.pages.preferences import preferences
from emovec_db.api.pages.problems import problem_page, show_problems
from emovec_db.api.pages.search import search
from emovec_db.api.pages.server import server
from emovec_db.api.pages.signin import signin
from emovec_db.emotions import LABELS

#: each page is a blueprint whose first address is its view `start`
PAGES = (classify, search, archive, customers, clusters, server, docs, signin, preferences)
COMPRESSED = ["text/html", "text/css", "text/javascript", "application/json"]


def set_up_pages(app: Flask) -> None:
    """Add all pages to `app`, with their languages, filters and compression."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(plain_gettext, plain_ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals["labels"] = LABELS  # macros see no variables of a page
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(frame)
    app.url_defaults(carry_choice)
    app.after_request(keep_assets)
    app.config["COMPRESS_MIMETYPES"] = COMPRESSED
    Compress(app)
    pages = Blueprint("pages", __name__)
    for page in PAGES:
        pages.register_blueprint(page)
    pages.before_request(page_of_absence)
    show_problems(pages)
    app.register_blueprint(pages)
    for status in (404, 405):  # of addresses that no page has
        app.register_error_handler(status, problem_page)
