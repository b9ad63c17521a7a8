"""Decoding in other processes: the same sounds and errors, and whatever breaks there stays there."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from emovec_db.audio.decode import decode
from emovec_db.audio.decoders.confinement import landlock_version
from emovec_db.audio.decoders.messages import failed_packet, heard_packet, sample_packets
from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.audio.listening import Heard, Origin
from emovec_db.audio.metering import Levels
from emovec_db.domain.sound import Sound, SoundLimits
from emovec_db.errors import (
    DecoderCrashedError,
    DecodeTimeoutError,
    EmovecError,
    NoChannelError,
    NotAudioError,
    QueryError,
    TooLargeError,
    TooLongError,
)
from tests import broken_decoders
from tests.conftest import ROOT
from tests.integration.worker.processes import alive, running, until
from tests.sounds import ENCODINGS, babble, encode, tone, write

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=60)
#: longer than any test may last: nothing ends by it
NEVER_S = 1e6
DECODERS = "emovec_db.audio.decoders"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    made = DecoderPool(1, timeout_s=NEVER_S)
    yield made
    made.close()


@pytest.fixture
def breakable() -> Iterator[DecoderPool]:
    made = DecoderPool(1, timeout_s=NEVER_S, command=broken_decoders.COMMAND)
    yield made
    made.close()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good.wav", babble(1))


def breaking(folder: Path, word: bytes, *lines: bytes) -> Path:
    path = folder / f"{word.decode()}.wav"
    path.write_bytes(b"\n".join([word, *(line.hex().encode() for line in lines), b""]))
    return path


def decoder_ids(module: str = "tests.broken_decoders") -> set[int]:
    """Decoder processes that this process has started."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and module.encode() in (process / "cmdline").read_bytes():
                found.add(int(process.name))
    return found


def assert_same(first: tuple[Sound, ...], second: tuple[Sound, ...]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.waveform, other.waveform)
        assert (one.pcm_sha256, one.channel, one.quality) == (other.pcm_sha256, other.channel, other.quality)


# the same as in this process


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_format_is_decoded_as_in_this_process(pool, tmp_path, name):
    path = encode(tmp_path / name, babble(3))
    assert_same(pool.decode(path, limits=LIMITS), decode(path, limits=LIMITS))


def test_channels_are_decoded_as_in_this_process(pool, tmp_path):
    both = np.stack([tone(440, 7, 44_100), babble(7, 44_100)], axis=1)
    path = write(tmp_path / "stereo.wav", both, 44_100)
    channels = ["right", "mix", "left"]
    assert_same(pool.decode(path, channels=channels, limits=LIMITS), decode(path, channels=channels, limits=LIMITS))


def error_of(decoding, *arguments, **options) -> tuple[type, str]:
    with pytest.raises(EmovecError) as caught:
        decoding(*arguments, **options)
    return type(caught.value), caught.value.message


@pytest.mark.parametrize(
    ("channels", "limits", "kind"),
    [
        (["left"], LIMITS, NoChannelError),
        (["middle"], LIMITS, QueryError),
        (["mix"], SoundLimits(100, 60), TooLargeError),
        (["mix"], SoundLimits(10_000_000, 0.5), TooLongError),
    ],
)
def test_errors_are_those_of_this_process(pool, good, channels, limits, kind):
    ours = error_of(pool.decode, good, channels=channels, limits=limits, name="call\n7.wav")
    assert ours == error_of(decode, good, channels=channels, limits=limits, name="call\n7.wav")
    assert ours[0] is kind


def test_bad_files_fail_as_in_this_process(pool, tmp_path):
    whole = encode(tmp_path / "a.flac", babble(4)).read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.wav").write_text("no sound\n" * 99)
    write(tmp_path / "short.wav", tone(300, 0.1))
    write(tmp_path / "silent.wav", np.zeros(32_000, np.float32))
    write(tmp_path / "holed.wav", np.full(32_000, np.nan), subtype="FLOAT")
    (tmp_path / "medium.wav").symlink_to("/proc/self/mem")
    bad = sorted(set(tmp_path.iterdir()) - {tmp_path / "a.flac"})
    for path in [*bad, tmp_path / "missing.wav"]:
        assert error_of(pool.decode, path, limits=LIMITS) == error_of(decode, path, limits=LIMITS)
    assert len(bad) == 6


def test_a_file_that_fails_leaves_nothing_in_memory(pool, good):
    """An error that refers to itself through a variable of its traceback keeps hours of samples until a collection."""

    def failed() -> weakref.ref[TooLongError]:
        try:
            pool.decode(good, limits=SoundLimits(10_000_000, 0.5))
        except TooLongError as error:
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        assert failed()() is None
    finally:
        gc.enable()


# broken decoders


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (broken_decoders.CRASH, "SIGSEGV"),
        (broken_decoders.EXIT, "exit code 7"),
        (broken_decoders.SWALLOW, "more than 1024 MiB of memory"),
        (broken_decoders.STUMBLE, "ZeroDivisionError"),
    ],
)
def test_a_file_that_breaks_a_decoder_fails_and_the_next_is_decoded(breakable, tmp_path, good, word, said):
    breakable.decode(good, limits=LIMITS)
    (first,) = decoder_ids()
    with pytest.raises(DecoderCrashedError, match=said) as caught:
        breakable.decode(breaking(tmp_path, word), limits=LIMITS)
    assert caught.value.message.startswith(f"{word.decode()}.wav can't be decoded: ")
    assert_same(breakable.decode(good, limits=LIMITS), decode(good, limits=LIMITS))
    (second,) = decoder_ids()
    assert first != second
    assert not alive(first)


def test_a_file_that_takes_for_ever_is_given_up(tmp_path, good):
    impatient = DecoderPool(1, timeout_s=0.3, command=broken_decoders.COMMAND)
    with pytest.raises(DecodeTimeoutError, match=r"hang\.wav was given up"):
        impatient.decode(breaking(tmp_path, broken_decoders.HANG), limits=LIMITS)
    assert decoder_ids() == set()
    impatient.close()


def test_a_decoder_killed_in_the_middle_of_a_file_fails_that_file_only(breakable, tmp_path, good):
    breakable.decode(good, limits=LIMITS)
    (decoder,) = decoder_ids()
    with ThreadPoolExecutor(1) as thread:
        decoding = thread.submit(breakable.decode, breaking(tmp_path, broken_decoders.HANG), limits=LIMITS)
        until(lambda: has_open(decoder, "hang.wav"))
        os.kill(decoder, signal.SIGKILL)
        with pytest.raises(DecoderCrashedError, match="was killed, perhaps because memory ran out"):
            decoding.result()
    assert breakable.decode(good, limits=LIMITS)


def has_open(pid: int, name: str) -> bool:
    with suppress(FileNotFoundError):
        return any(os.readlink(link).endswith(name) for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_a_decoder_killed_between_two_files_is_replaced_unseen(breakable, good):
    breakable.decode(good, limits=LIMITS)
    (decoder,) = decoder_ids()
    os.kill(decoder, signal.SIGKILL)
    os.waitid(os.P_PID, decoder, os.WEXITED | os.WNOWAIT)
    assert breakable.decode(good, limits=LIMITS)


HEARD = heard_packet(Heard(Origin(16_000, "pcm_s16le", 1), (Levels(0.5, 0.0),)))
SOUND = sample_packets(0, babble(1))


@pytest.mark.parametrize(
    "packets",
    [
        [b"x"],
        [b"Z\0\0\0{}"],
        [SOUND[0][:-1], HEARD],
        [*sample_packets(1, babble(1)), HEARD],
        [*sample_packets(0, np.full(16_000, np.nan, np.float32)), HEARD],
        [*sample_packets(0, babble(7)), HEARD],
        [*SOUND, heard_packet(Heard(Origin(16_000, "pcm_s16le", 1), (Levels(float("inf"), 0.0),)))],
        [*SOUND, heard_packet(Heard(Origin(16_000, "\x1b[31m", 1), (Levels(0.5, 0.0),)))],
        [*SOUND, heard_packet(Heard(Origin(16_000, "pcm_s16le", 1), ()))],
        [failed_packet(NotAudioError("two\nlines"))],
        [failed_packet(TooLargeError("not a decoder's affair"))],  # type: ignore[arg-type]
        [b"F\0\0\0" + b"[" * 60_000],
    ],
    ids=["short", "kind", "part of a sample", "channel", "NaN", "too long", "level", "codec", "levels", "message",
         "error", "nested"],
)  # fmt: skip
def test_nothing_that_makes_no_sense_is_believed(breakable, tmp_path, good, packets):
    with pytest.raises(DecoderCrashedError, match="does not answer sensibly"):
        breakable.decode(breaking(tmp_path, broken_decoders.SAY, *packets), limits=SoundLimits(10_000_000, 5))
    assert breakable.decode(good, limits=LIMITS)


def test_what_makes_sense_is(breakable, tmp_path):
    (sound,) = breakable.decode(breaking(tmp_path, broken_decoders.SAY, *SOUND, HEARD), limits=LIMITS)
    assert np.array_equal(sound.waveform, babble(1))


def test_a_decoder_that_does_not_start_says_so(good):
    with pytest.raises(DecoderCrashedError, match=r"no decoder process can be started: .*exit code 1"):
        DecoderPool(1, timeout_s=NEVER_S, command=(sys.executable, "-c", "exit(1)")).decode(good, limits=LIMITS)
    with pytest.raises(DecoderCrashedError, match="no decoder process can be started: No such file"):
        DecoderPool(1, timeout_s=NEVER_S, command=("/nowhere/python",)).decode(good, limits=LIMITS)


def test_threads_get_their_own_sounds_while_decoders_break(tmp_path):
    shared = DecoderPool(2, timeout_s=NEVER_S, command=broken_decoders.COMMAND)
    paths = [write(tmp_path / f"{seed}.wav", babble(1, seed=seed)) for seed in range(6)]
    bad = breaking(tmp_path, broken_decoders.CRASH)

    def decoded(path: Path) -> tuple[Sound, ...] | None:
        try:
            return shared.decode(path, limits=LIMITS)
        except DecoderCrashedError:
            return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(decoded, [*paths, bad, *paths, bad, *paths]))
    assert [outcome is None for outcome in outcomes] == [*[False] * 6, True, *[False] * 6, True, *[False] * 6]
    for path, outcome in zip(paths, outcomes, strict=False):
        assert_same(outcome or (), decode(path, limits=LIMITS))
    assert len(decoder_ids()) <= 2
    shared.close()
    assert decoder_ids() == set()


# what a decoder may do


def reached(pool: DecoderPool, folder: Path) -> dict[str, str | None]:
    with pytest.raises(NotAudioError) as caught:
        pool.decode(breaking(folder, broken_decoders.REACH), limits=LIMITS)
    found: dict[str, str | None] = json.loads(caught.value.message)
    return found


def test_a_decoder_opens_nothing_and_knows_no_secret(breakable, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVEC_API_KEY", "correct-horse-battery-staple")
    found = reached(breakable, tmp_path)
    assert [found[what] for what in ("read", "write", "connect")] == ["EMFILE"] * 3
    (decoder,) = decoder_ids()
    assert b"EMOVEC" not in Path(f"/proc/{decoder}/environ").read_bytes()
    limits = Path(f"/proc/{decoder}/limits").read_text()
    for name in ("Max core file size", "Max file size", "Max processes"):
        assert [line.split()[-3:-1] for line in limits.splitlines() if line.startswith(name)] == [["0", "0"]]


def test_a_decoder_that_was_taken_over_opens_nothing_either(breakable, tmp_path):
    if landlock_version() < 4:
        pytest.skip("this kernel has no Landlock, or none that knows of connections (Linux 6.7)")
    found = reached(breakable, tmp_path)
    assert [found[f"{what} all the same"] for what in ("read", "write", "connect")] == ["PermissionError"] * 3


# when they end


def test_closing_ends_the_decoders_and_the_next_file_starts_one(breakable, good):
    for _ in range(2):
        assert breakable.decode(good, limits=LIMITS)
        assert len(decoder_ids()) == 1
        breakable.close()
        assert decoder_ids() == set()


def test_a_forgotten_pool_ends_its_decoders(good):
    forgotten = DecoderPool(1, timeout_s=NEVER_S)
    forgotten.decode(good, limits=LIMITS)
    before = decoder_ids(DECODERS)
    del forgotten
    gc.collect()
    assert len(before - decoder_ids(DECODERS)) == 1


def test_a_fork_has_decoders_of_its_own(pool, good):
    pool.decode(good, limits=LIMITS)
    before = decoder_ids(DECODERS)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            pool.decode(good, limits=LIMITS)
            pool.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.decode(good, limits=LIMITS)
    assert decoder_ids(DECODERS) == before


PARENT = """
import sys
import weakref
from pathlib import Path
from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.sound import SoundLimits
from tests import broken_decoders

pool = DecoderPool(1, timeout_s=1e6, command=broken_decoders.COMMAND)
for path in sys.argv[1:]:
    pool.decode(Path(path), limits=SoundLimits(10_000_000, 60))
print("decoded")
sys.stdin.read()
"""


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_no_decoder_outlives_a_killed_parent(tmp_path, good, busy):
    paths = [good, breaking(tmp_path, broken_decoders.HANG)] if busy else [good]
    with running(["-c", PARENT, *map(str, paths)], tmp_path, {"PYTHONPATH": str(ROOT)}) as parent:
        decoder = until(lambda: parent.children("broken_decoders"))[0]
        if busy:
            until(lambda: has_open(decoder, "hang.wav"))
        else:
            parent.match("decoded")
        parent.process.kill()
        until(lambda: not alive(decoder))
