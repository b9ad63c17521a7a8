"""An app over a real database with the fake encoder, and requests to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from emovec_db.api.app import EmovecApp, create_app
from emovec_db.database import Database, open_database
from emovec_db.settings import Settings, read_settings
from tests.api.requests import KEY, Api

AppMaker = Callable[..., EmovecApp]


@pytest.fixture(autouse=True)
def _own_settings_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("EMOVEC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(data_dir=tmp_path / "data", encoder="fake", upload_max_mb=1, inference_queue=1)


@pytest.fixture(scope="session")
def empty_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a fresh schema: copying it is quicker than migrating each time."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    open_database(read_settings(data_dir=folder, encoder="fake")).close()
    return folder


@pytest.fixture
def database(settings: Settings, empty_data: Path) -> Iterator[Database]:
    shutil.copytree(empty_data, settings.data_dir)
    with open_database(settings) as opened:
        yield opened


@pytest.fixture
def app(database: Database, settings: Settings) -> EmovecApp:
    return create_app(database, settings)


@pytest.fixture
def client(app: EmovecApp) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def api(client: FlaskClient, database: Database) -> Api:
    return Api(client, database)


@pytest.fixture
def locked_client(database: Database, settings: Settings) -> FlaskClient:
    """Of a server that asks for a key."""
    locked = read_settings(**{**settings.model_dump(), "api_key": KEY})
    return create_app(database, locked).test_client()
