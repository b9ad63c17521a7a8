"""The sample recordings are what their README and the Makefile say."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

import av
import pytest

from emovec_db.domain.path_pattern import PathPattern
from tests.conftest import ROOT

FOLDER = ROOT / "samples"
FILES = sorted(path for path in FOLDER.glob("*/*") if path.is_file())
STEREO = "amara/2026-04-14_call.webm"


def relative(path: object) -> str:
    return str(path).removeprefix(f"{FOLDER}/")


def customer_from() -> str:
    """The pattern that `make run` passes."""
    line = re.search(r"^SAMPLES_CUSTOMER_FROM := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line is not None
    return line[1]


def test_readme_gives_the_makefiles_pattern() -> None:
    assert f"`{customer_from()}`" in (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_path_gives_customer_time_and_topic(path: object) -> None:
    customer, name = relative(path).split("/")
    date, topic = name.partition(".")[0].split("_")

    details = PathPattern.parse(customer_from(), UTC).match(relative(path))

    assert details is not None
    assert details.customer == customer
    assert details.recorded_at == datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    assert details.metadata == {"topic": topic}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_length_and_channels(path: object) -> None:
    with av.open(str(path)) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        channels = container.streams.audio[0].channels

    if relative(path) == STEREO:
        assert (channels, 25 <= seconds <= 40) == (2, True)
    else:
        assert (channels, 2 <= seconds <= 6) == (1, True)


def test_two_dozen_of_three_customers_in_six_formats() -> None:
    assert Counter(path.parent.name for path in FILES) == {"amara": 10, "beatriz": 8, "conor": 8}
    assert {path.suffix for path in FILES} == {".wav", ".flac", ".mp3", ".ogg", ".webm", ".m4a"}


def test_small() -> None:
    assert sum(path.stat().st_size for path in FILES) <= 1_500_000
