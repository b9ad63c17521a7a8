"""The app factory: everything that the app needs comes in through its arguments."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from urllib.parse import quote

from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from werkzeug.routing import BaseConverter, IntegerConverter

from emovec_db.api import openapi
from emovec_db.api.admission import Admission, Listeners, Waiters
from emovec_db.api.context import Context
from emovec_db.api.errors import register_error_handlers, validation_failed
from emovec_db.api.job_events import JobNews
from emovec_db.api.json_provider import OrjsonProvider
from emovec_db.api.pages import set_up_pages
from emovec_db.api.readiness import Readiness
from emovec_db.api.request_log import register_request_log
from emovec_db.api.routes import API
from emovec_db.api.schemas.answers import Error
from emovec_db.api.schemas.requests import MAX_ID
from emovec_db.api.security import secure
from emovec_db.api.uploads import UploadRequest, limit_body, max_request_bytes
from emovec_db.database import Database
from emovec_db.domain.space_map import MAP_METHODS
from emovec_db.settings import Settings

#: K-Means runs that may be under way at once
CLUSTERING_PLACES = 2
#: pages that may show jobs as they change; each has a thread of its own
LISTENERS = 8
#: requests for maps of one method that may wait or work at once
MAP_PLACES = 3


class IdConverter(IntegerConverter):
    """Ids that both databases can hold; anything greater is no address of ours."""

    def __init__(self, url_map: object) -> None:
        super().__init__(url_map, min=1, max=MAX_ID)  # type: ignore[arg-type]


class NameConverter(BaseConverter):
    """Names that may hold slashes. Addresses hold them quoted: browsers would take ``a/../b`` for ``b``."""

    part_isolating = False
    regex = ".+"

    def to_url(self, value: str) -> str:
        return quote(value, safe="")


class EmovecApp(OpenAPI):
    """Flask with OpenAPI, orjson, and uploads on disk."""

    json_provider_class = OrjsonProvider
    request_class = UploadRequest


def create_app(database: Database, settings: Settings) -> EmovecApp:
    """The HTTP API over `database`.

    Raises:
        SettingsError: the server would be open to the network without a key.
    """
    app = EmovecApp(
        "emovec_db.api",
        info=Info(title=openapi.TITLE, version=_version(), description=openapi.DESCRIPTION),
        security_schemes=openapi.SECURITY_SCHEMES,
        validation_error_model=Error,
        validation_error_callback=validation_failed,
        doc_ui=False,
    )
    app.openapi_version = openapi.OPENAPI_VERSION
    app.config["MAX_CONTENT_LENGTH"] = max_request_bytes(settings)
    app.url_map.converters.update(id=IdConverter, name=NameConverter)
    # else the address of one customer, a//b, would be that of another, a/b
    app.url_map.merge_slashes = False
    _context(database, settings).attach(app)
    register_request_log(app)
    register_error_handlers(app)
    secure(app, settings)
    app.before_request(limit_body)
    _register_routes(app)
    return app


def _context(database: Database, settings: Settings) -> Context:
    return Context(
        database=database,
        settings=settings,
        encoder=Admission(settings.inference_queue),
        clusterings=Admission(CLUSTERING_PLACES),
        maps={method: Admission(MAP_PLACES) for method in MAP_METHODS},
        # at least half of the threads stay free for requests that don't wait
        trajectories=Admission(max(1, settings.server_threads // 2)),
        waiters=Waiters(max(1, settings.server_threads // 2)),
        listeners=Listeners(LISTENERS),
        job_news=JobNews(lambda name: database.current_jobs(collection=name)),
        readiness=Readiness(database),
    )


def _register_routes(app: EmovecApp) -> None:
    for blueprint in API:
        app.register_api(blueprint)
    set_up_pages(app)
    openapi.describe_bodies(app)


def _version() -> str:
    try:
        return version("emovec-db")
    except PackageNotFoundError:
        return "0"
