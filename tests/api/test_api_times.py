"""Times at the ends of the calendar: refused where they come, and no page stumbles over those that are stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from emovec_db.api.app import create_app
from emovec_db.database import Database
from emovec_db.domain.recording import Details
from emovec_db.settings import Settings, read_settings
from tests.api.requests import COLLECTION, Api, failed, file, wav
from tests.api.test_api_drafts import made

OUTSIDE = "9999-12-31T23:59:59-23:00"


@pytest.mark.parametrize("time", [OUTSIDE, "0001-01-01T00:00+14:00"])
def test_a_time_that_leaves_the_calendar_is_bad_input(api: Api, time: str) -> None:
    asked = {"since": time}

    document = failed(api.client.get(f"{COLLECTION}/recordings", query_string=asked), 400, "bad_query")
    assert "outside the years 1 to 9999 in UTC" in document["message"]
    assert api.client.get("/archive", query_string=asked, headers={"Accept": "text/html"}).status_code < 500


@pytest.mark.parametrize("time", [OUTSIDE, "0001-01-01", "9999-12-31T23:59:59Z", "3000-01-02"])
def test_nothing_is_stored_of_a_time_at_which_nothing_was_recorded(api: Api, time: str) -> None:
    draft = made(api, wav(200))

    failed(
        api.client.post(f"{COLLECTION}/recordings", data={"recording": file(wav(200)), "recorded_at": time}),
        400,
        "bad_query",
    )
    failed(
        api.client.post(f"{COLLECTION}/drafts/{draft['token']}/recordings", json={"recorded_at": time}),
        400,
        "bad_query",
    )


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("time", [datetime.min.replace(tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_pages_show_such_times_where_they_were_stored_before_they_were_refused(
    api: Api, database: Database, settings: Settings, zone: str, time: datetime
) -> None:
    recording_id = api.stored_id(wav(200), customer="amara")
    with database._parts.store.write() as unit:
        unit.recordings.update_details(recording_id, Details(customer="amara", recorded_at=time))
    elsewhere = create_app(database, read_settings(**{**settings.model_dump(), "timezone": zone})).test_client()

    for address in ("/customers", "/customers/amara", "/archive", f"/archive/{recording_id}", "/search"):
        assert_shown(elsewhere, address)
    for address in ("customers", "customers/amara/profile", "recordings"):
        assert elsewhere.get(f"{COLLECTION}/{address}").status_code == 200, address


def assert_shown(client: FlaskClient, address: str) -> None:
    response = client.get(address, headers={"Accept": "text/html"})
    assert response.status_code in {200, 302}, f"{address}: {response.status_code}"
