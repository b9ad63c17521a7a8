"""What every request handler may use, kept with the app instead of in globals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from emovec_db.api.admission import Admission, Listeners, Waiters
from emovec_db.api.job_events import JobNews
from emovec_db.api.readiness import Readiness
from emovec_db.database import Collection, Database
from emovec_db.settings import Settings

_KEY = "emovec_db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The database, the settings, and what limits requests."""

    database: Database
    settings: Settings
    #: classify, compare and search by a recording
    encoder: Admission
    #: K-Means runs
    clusterings: Admission
    #: maps, by method: who asks for a quick one does not wait for slow ones
    maps: Mapping[str, Admission]
    #: readings of all tracks
    trajectories: Admission
    #: uploads that wait for their job
    waiters: Waiters
    #: pages that show jobs as they change, and what they are told
    listeners: Listeners
    job_news: JobNews
    readiness: Readiness

    def attach(self, app: Flask) -> None:
        """Make this the context of `app`."""
        app.extensions[_KEY] = self


def context() -> Context:
    """The current app's context."""
    found: Context = current_app.extensions[_KEY]
    return found


def collection(name: str) -> Collection:
    """A handle on a collection, which need not exist."""
    return context().database.collection(name)
