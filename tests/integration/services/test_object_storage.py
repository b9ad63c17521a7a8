"""Archives in object storage, on servers that speak S3 and Google's API."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from emovec_db.database import Database
from emovec_db.domain.ingest import Outcome
from emovec_db.sources.folders import find_recordings
from emovec_db.sources.remote import storage
from emovec_db.sources.remote.address import Address, address_of
from emovec_db.sources.remote.fetching import Remote
from emovec_db.sources.remote.finding import find_remote
from tests.conftest import require
from tests.object_storage import ObjectStorage, google_storage, s3_storage
from tests.sounds import babble, write

TREE = (
    "2026/anna/01.wav", "2026/anna/02.flac", "2026/anna/notes.txt", "2026/ben/.hidden.wav", "2026/ben/01.WAV",
    "2026/ben/deep/er/03.wav", "2026/x.wav", "2026/.trash/04.wav", "2026/plain", "2025/old.wav", "2026.wav",
)  # fmt: skip
PATTERNS = (
    "2026/*/*.wav", "2026/**/*.wav", "2026/**", "**/*.wav", "2026/*", "202?/x.wav", "2026/[ab]*/0?.*", "*",
    "2026/ann*/01.wav", "2026/ben/**/03.wav", "2026/**/deep", "2026/*/notes.txt",
)  # fmt: skip


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, ObjectStorage]]:
    require(find_spec("s3fs") and find_spec("gcsfs"), "no s3fs or gcsfs: pip install 'emovec-db[remote]'")
    require(find_spec("moto") and find_spec("gcp_storage_emulator"), "no moto or gcp-storage-emulator")
    with s3_storage() as s3, google_storage() as gs:
        for one in (s3, gs):
            for key in TREE:
                one.put(f"tree/{key}", key.encode())
        yield {"s3": s3, "gs": gs}


@pytest.fixture(params=["s3", "gs"])
def there(
    request: pytest.FixtureRequest, servers: dict[str, ObjectStorage], monkeypatch: pytest.MonkeyPatch
) -> ObjectStorage:
    monkeypatch.setattr("emovec_db.sources.remote.trouble.sleep", lambda _s: None)
    one = servers[request.param]
    for name, value in one.environment.items():
        monkeypatch.setenv(name, value)
    return one


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "fetched")


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same tree in a folder, as the oracle of what is found."""
    root = tmp_path_factory.mktemp("mirror")
    for key in TREE:
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_text(key)
    return root


def wav(seed: int, seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    write(file, babble(seconds, seed=seed), format="WAV")  # type: ignore[arg-type]
    return file.getvalue()


def relatives(remote: Remote, text: str) -> list[str]:
    return [one.relative for one in find_remote(remote, text, Counter()) if one.error is None]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_find_what_they_find_in_a_folder(
    there: ObjectStorage, remote: Remote, mirror: Path, pattern: str
) -> None:
    here = [one.relative for one in find_recordings([mirror / pattern]) if one.error is None]
    assert sorted(relatives(remote, there.address(f"tree/{pattern}"))) == sorted(here)
    assert here or pattern == "2026/**/deep"


@pytest.mark.parametrize("folder", ["2026/", "2026/anna", ""])
def test_folders_hold_what_they_hold_on_a_disk(there: ObjectStorage, remote: Remote, mirror: Path, folder: str) -> None:
    here, ignored_here = list(find_recordings([mirror / folder], ignored=(here_counter := Counter()))), here_counter
    ignored: Counter[str] = Counter()
    found = list(find_remote(remote, there.address(f"tree/{folder}"), ignored))
    assert sorted(one.relative for one in found) == sorted(one.relative for one in here)
    assert [one.uri for one in found] == sorted(one.uri for one in found)
    assert ignored == ignored_here


def test_a_listing_is_asked_for_page_by_page(
    there: ObjectStorage, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = relatives(remote, there.address("tree/"))
    monkeypatch.setattr(storage, "PAGE_OBJECTS", 2)
    pages = []
    ask = storage.list_page
    monkeypatch.setattr(storage, "list_page", lambda *asked: pages.append(asked) or ask(*asked))
    lazily = find_remote(remote, there.address("tree/"), Counter())
    assert next(lazily).relative == whole[0]
    assert len(pages) == 1
    assert [one.relative for one in lazily] == whole[1:]
    if there.scheme == "s3":  # the emulator gives all at once
        assert len(pages) == -(-len(TREE) // 2)


def test_google_is_asked_for_the_next_page_by_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["calls/1.wav", "calls/2.wav", "calls/3.wav"]

    class Google:
        def call(self, method: str, path: str, bucket: str, *, prefix: str, pageToken: str | None, **_: Any) -> Any:  # noqa: N803
            assert (method, path, bucket, prefix) == ("GET", "b/{}/o", "bucket", "calls/")
            start = int(pageToken or 0)
            item = {"name": names[start], "size": "7", "generation": str(start)}
            return {"items": [item], **({"nextPageToken": str(start + 1)} if start < 2 else {})}

    monkeypatch.setattr(storage, "_filesystem", lambda _scheme: Google())
    found = list(find_remote(Remote(Path("nowhere")), "gs://bucket/calls/", Counter()))
    assert [one.relative for one in found] == ["1.wav", "2.wav", "3.wav"]
    assert len({one.source for one in found}) == 3


@pytest.mark.parametrize(
    "key", ["odd/a b.wav", "odd/#1 50% [x]?.wav", "odd/ä\u2028ß.wav", "odd/*.wav", "odd/=+&;,~'().wav"]
)
def test_any_key_can_be_ingested_by_itself(there: ObjectStorage, database: Database, key: str) -> None:
    if there.scheme == "gs" and set(key) & {*"?#+;"}:
        pytest.skip("the emulator knows no such names")
    body = wav(hash(key) % 1000)
    there.put(key, body)
    collection = database.collection()
    assert collection.ingest(there.address(key)).ingested == 1
    (stored,) = collection.recordings().items
    assert stored.sha256 == hashlib.sha256(body).hexdigest()
    assert collection.ingest(there.address(key)).unchanged == 1
    assert collection.audit(sample=1).utterances == 1


def test_an_archive_is_ingested_once_and_what_changes_is_read(there: ObjectStorage, database: Database) -> None:
    for number, customer in enumerate(("anna", "ben"), start=1):
        there.put(f"once/{customer}/2026-03-0{number}.wav", wav(number))
    there.put("once/ben/broken.wav", b"no sound")
    there.put("once/readme.txt", b"no recording")
    collection = database.collection()
    said = {"customer_from": "{customer}/{recorded_at:%Y-%m-%d}.wav"}
    report = collection.ingest(there.address("once/"), **said)  # type: ignore[arg-type]
    assert (report.ingested, [error.code for error in report.errors]) == (2, ["not_audio"])
    assert any(".txt × 1" in note for note in report.notes)
    rows = {one.details.customer: one.details.recorded_at for one in collection.recordings().items}
    assert {name: day and day.day for name, day in rows.items()} == {"anna": 1, "ben": 2}
    # a single object's state is that of the listing
    assert collection.ingest(there.address("once/anna/2026-03-01.wav")).unchanged == 1
    there.put("once/anna/2026-03-01.wav", wav(9))
    outcomes = Counter(one.outcome for one in collection.dry_run(there.address("once/"), **said))  # type: ignore[arg-type]
    assert outcomes == {Outcome.CHANGED: 1, Outcome.UNCHANGED: 1, Outcome.NEW: 1}
    again = collection.ingest(there.address("once/"), **said)  # type: ignore[arg-type]
    assert (again.ingested, again.unchanged, again.failed) == (1, 1, 1)


def test_what_is_not_there_is_said(there: ObjectStorage, database: Database) -> None:
    addresses = ("none.wav", "none/", "none/*.wav")
    report = database.collection().ingest(*map(there.address, addresses), f"{there.scheme}://nobucket/a/")
    assert (report.failed, {error.code for error in report.errors}) == (4, {"unreadable"})


def test_an_object_that_is_replaced_while_it_is_fetched_is_fetched_again(
    there: ObjectStorage, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "BLOCK_BYTES", 1 << 18)
    old, new = wav(1, 20), wav(2, 20)
    there.put("replaced.wav", old)
    opened = storage.open_stream

    def replaced_meanwhile(address: Address) -> tuple[BinaryIO, int | None]:
        stream, expected = opened(address)
        stream.read(1_000)
        stream.seek(0)
        monkeypatch.setattr(storage, "open_stream", opened)
        there.put("replaced.wav", new)
        return stream, expected

    monkeypatch.setattr(storage, "open_stream", replaced_meanwhile)
    with remote.fetched(address_of(there.address("replaced.wav")), 10_000_000) as file:
        assert file.sha256 == hashlib.sha256(new).hexdigest()
        assert file.path.read_bytes() == new
    assert list(remote.folder.iterdir()) == []


def test_credentials_are_nowhere_to_be_found(there: ObjectStorage, database: Database) -> None:
    there.put("secret/a.wav", wav(1))
    report = database.collection().ingest(there.address("secret/"), there.address("secret/none.wav"))
    assert (report.ingested, report.failed) == (1, 1)
    stored = b"".join(file.read_bytes() for file in database.settings.data_dir.rglob("*") if file.is_file())
    assert b"s3cr3t" not in stored
    assert "s3cr3t" not in str(report)
