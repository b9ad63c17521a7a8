"""What a broker is to be told of: uploads at once, archives as far as there is room, and what dead workers held."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from emovec_db.database import Database
from emovec_db.domain.job import ItemMessage
from emovec_db.services import distribution, leases
from tests.sounds import tone, write


def shared_out(database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Items of one file each."""
    monkeypatch.setattr(distribution, "FILES_PER_ITEM", 1)
    job = database.collection().distribute(archive)
    return [item.item_id for item in database.job_items(job.job_id)]


def upload(database: Database, folder: Path) -> int:
    content = write(folder / "upload.wav", tone(300, 1)).read_bytes()
    job = database.collection().upload(io.BytesIO(content), "upload.wav")
    return database.job_items(job.job_id)[0].item_id


def test_an_upload_is_sent_however_much_of_an_archive_waits(
    database: Database, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = shared_out(database, archive, monkeypatch)
    assert [message.item_id for message in database.unsent_items(3)] == items[:3]
    assert database.unsent_items(3) == (), "no room until some are taken up"
    uploaded = upload(database, tmp_path)
    assert database.unsent_items(3) == (ItemMessage(uploaded, urgent=True),)
    assert database.run_next_job("w", item_id=items[0]) is not None
    assert database.unsent_items(3) == (ItemMessage(items[3], urgent=False),)


def test_an_item_whose_worker_is_known_to_be_gone_is_sent_again_at_once(
    database: Database, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = shared_out(database, archive, monkeypatch)
    sent = {message.item_id for message in database.unsent_items(100)}
    assert first in sent

    def dies(*_arguments: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("emovec_db.services.job_work.ingest_parcel", dies)
    with pytest.raises(KeyboardInterrupt):
        database.run_next_job("gone", item_id=first)
    assert database.unsent_items(100) == (), "its lease runs"
    monkeypatch.setattr(leases, "has_ended", lambda owner: owner == "gone")
    assert database.unsent_items(100) == (ItemMessage(first, urgent=False),)


def test_what_was_lost_is_sent_again_kind_by_kind(
    database: Database, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = shared_out(database, archive, monkeypatch)
    uploaded = upload(database, tmp_path)
    assert len(database.unsent_items(100)) == len(items) + 1
    assert database.resend_items(60, urgent=True) == 0, "it was sent just now"
    assert database.resend_items(0, urgent=True) == 1
    assert database.unsent_items(100) == (ItemMessage(uploaded, urgent=True),)
    assert database.resend_items(0, urgent=False) == len(items)
    assert [message.item_id for message in database.unsent_items(100)] == items
