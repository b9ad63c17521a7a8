"""Files that are cut off, damaged, or no audio at all: one clear error each, and never another exception."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from emovec_db.audio import container
from emovec_db.audio.decode import decode
from emovec_db.domain.sound import Sound, SoundLimits
from emovec_db.errors import (
    NotAudioError,
    RecordingError,
    TooShortError,
    TruncatedError,
    UnreadableError,
)
from tests.sounds import ENCODINGS, babble, encode, write

LIMITS = SoundLimits(max_bytes=10_000_000, max_duration_s=60)

#: what says nowhere how long it should be: what is left is all that can be known
SELF_CONTAINED = {"a.aac", "a.ts", "bare.mp3", "live.webm"}


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("encoded")
    return {name: encode(folder / name, babble(4)).read_bytes() for name in ENCODINGS}


def decoded_s(path: Path, data: bytes) -> float:
    path.write_bytes(data)
    return decode(path, limits=LIMITS)[0].duration_s


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("name", sorted(set(ENCODINGS) - SELF_CONTAINED))
def test_a_file_cut_off_is_truncated(tmp_path, encoded, name, share):
    with pytest.raises(TruncatedError, match=r"cut off|breaks off"):
        decoded_s(tmp_path / name, encoded[name][: int(share * len(encoded[name]))])


@pytest.mark.parametrize("name", sorted(SELF_CONTAINED))
def test_what_does_not_say_its_length_gives_what_is_left(tmp_path, encoded, name):
    half = decoded_s(tmp_path / name, encoded[name][: len(encoded[name]) // 2])
    assert 1.6 < half < 2.4


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff", "a.au", "start.m4a"])
def test_a_file_that_lacks_next_to_nothing_is_taken(tmp_path, encoded, name):
    data = encoded[name]
    assert decoded_s(tmp_path / name, data[: -len(data) // 200]) > 3.6


@pytest.mark.parametrize("size", [0, 1, 0x7FFF_F000, 0xFFFF_FFFF])
def test_a_wav_written_to_a_pipe_promises_nothing(tmp_path, encoded, size):
    data = bytearray(encoded["a.wav"])
    at = data.index(b"data") + 4
    if size == 1:
        size = struct.unpack_from("<I", data, at)[0]
    struct.pack_into("<I", data, at, size)
    assert decoded_s(tmp_path / "a.wav", bytes(data)) == pytest.approx(4, abs=0.01)


@pytest.mark.parametrize(("name", "mark", "offset", "length"), [("a.au", b".snd", 8, 4), ("a.caf", b"data", 4, 8)])
def test_au_and_caf_of_unknown_length_promise_nothing(tmp_path, encoded, name, mark, offset, length):
    data = bytearray(encoded[name])
    at = data.index(mark) + offset
    data[at : at + length] = b"\xff" * length
    assert decoded_s(tmp_path / name, bytes(data)) == pytest.approx(4, abs=0.01)


def test_a_flac_without_a_count_promises_nothing(tmp_path, encoded):
    data = bytearray(encoded["a.flac"])
    data[21] &= 0xF0  # the count is 36 bits in STREAMINFO
    data[22:26] = bytes(4)
    assert decoded_s(tmp_path / "a.flac", bytes(data)) == 4.0


def test_the_message_of_a_cut_file_says_how_much_is_left(tmp_path, encoded):
    with pytest.raises(TruncatedError) as caught:
        decoded_s(tmp_path / "a.aiff", encoded["a.aiff"][: len(encoded["a.aiff"]) // 2])
    assert str(caught.value) == (
        "a.aiff is cut off or damaged: 2.00 s of 4.00 s can be decoded: copy it again from where it came"
    )


def damaged(data: bytes, seed: int) -> bytes:
    """Cut, flip bits, spoil the header, overwrite a stretch, or lose one."""
    rng = np.random.default_rng(seed)
    spoilt = bytearray(data)
    match seed % 5:
        case 0:
            del spoilt[int(rng.integers(1, len(data))) :]
        case 1:
            for at in rng.integers(0, len(data), 12):
                spoilt[at] ^= 1 << int(rng.integers(8))
        case 2:
            for at in rng.integers(0, min(200, len(data)), 4):
                spoilt[at] = int(rng.integers(256))
        case 3:
            at = int(rng.integers(0, len(data)))
            spoilt[at : at + 2000] = rng.bytes(2000)
        case _:
            at = int(rng.integers(0, len(data)))
            del spoilt[at : at + int(rng.integers(1, 3000))]
    return bytes(spoilt)


def sound_or_error(path: Path) -> Sound | RecordingError:
    try:
        return decode(path, limits=LIMITS)[0]
    except RecordingError as error:
        return error


@pytest.mark.parametrize("name", ENCODINGS)
def test_damage_ends_in_sound_or_a_clear_error(tmp_path, encoded, name, capfd):
    for seed in range(10):
        path = tmp_path / name
        path.write_bytes(damaged(encoded[name], seed))
        outcome = sound_or_error(path)
        if isinstance(outcome, Sound):
            assert np.isfinite(outcome.waveform).all()
        else:
            assert name in outcome.message
            assert "Errno" not in outcome.message
    assert capfd.readouterr().err == ""


# not audio


@pytest.mark.parametrize(
    "data",
    [
        b"This is no sound.\n" * 100,
        b"RIFF",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\x00" * 5000,
        np.random.default_rng(0).bytes(50_000),
        b"%PDF-1.7\n" + b"x" * 3000,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 3000,
        b"PK\x03\x04" + b"\x00" * 3000,
    ],
    ids=["text", "4 bytes", "header only", "zeros", "random", "pdf", "png", "zip"],
)
def test_other_bytes_named_wav_are_not_audio(tmp_path, data):
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with pytest.raises(NotAudioError, match=r"a\.wav (is not audio that can be decoded; expected|holds)"):
        decode(path, limits=LIMITS)


def test_an_empty_file(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(NotAudioError, match=r"a\.wav is empty \(0 bytes\)"):
        decode(tmp_path / "a.wav", limits=LIMITS)


def test_a_wav_without_samples(tmp_path):
    with pytest.raises((TooShortError, NotAudioError)):
        decode(write(tmp_path / "a.wav", np.zeros(0, np.int16)), limits=LIMITS)


def test_a_film_without_sound(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as film:
        stream = film.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        film.mux(stream.encode(None))
    with pytest.raises(NotAudioError, match="holds no sound"):
        decode(tmp_path / "a.mp4", limits=LIMITS)


# files that refer to others


def playlists(target: Path) -> dict[str, str]:
    return {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\n{target}\n#EXT-X-ENDLIST\n",
        "a.wav": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\n{target.name}\n#EXT-X-ENDLIST\n",
        "a.ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "b.wav": f"ffconcat version 1.0\nfile {target.name}\n",
        "a.pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
        "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "a.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet '
        f'mimeType="audio/mp4"><Representation id="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet>'
        "</Period></MPD>",
        "a.srt": "1\n00:00:00,000 --> 00:00:04,000\nhello\n",
    }


@pytest.mark.parametrize("name", playlists(Path("x")))
def test_references_are_never_followed(tmp_path, name):
    target = encode(tmp_path / "a.ts", babble(2))
    assert decode(target, limits=LIMITS)
    path = tmp_path / name
    path.write_text(playlists(target)[name])
    with pytest.raises(NotAudioError):
        decode(path, limits=LIMITS)


def test_no_protocol_opens_even_if_a_playlist_demuxer_could_run(tmp_path, monkeypatch):
    target = encode(tmp_path / "a.wav", babble(2))
    path = tmp_path / "a.ffconcat"
    path.write_text(f"ffconcat version 1.0\nfile '{target.name}'\n")
    options = {**container._OPTIONS, "format_whitelist": "concat,wav"}
    with av.open(str(path), container_options={"safe": "0"}) as followed:  # as it stands, ffmpeg would follow
        assert followed.streams.audio
    monkeypatch.setattr(container, "_OPTIONS", {**options, "safe": "0"})
    with pytest.raises(RecordingError):
        decode(path, limits=LIMITS)


def test_no_format_on_the_list_refers_to_other_files():
    assert not set(container.FORMATS) & {
        "applehttp", "concat", "concatf", "dash", "hls", "image2", "image2pipe", "imf", "lavfi", "rtp", "rtsp", "sdp",
        "tty", "vobsub",
    }  # fmt: skip


# files that can't be read


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, r"a\.wav can't be read: there is no such file"),
        (lambda path: path.mkdir(), r"a\.wav is a folder; expected a recording"),
        (lambda path: path.symlink_to(path.name), r"it is a symlink that leads back to itself"),
        (lambda path: path.symlink_to("/proc/self/mem"), r"its medium failed"),
        (os.mkfifo, r"is a pipe, socket or device"),
        (lambda path: path.symlink_to("/dev/zero"), r"is a pipe, socket or device"),
    ],
    ids=["missing", "folder", "symlink loop", "input/output error", "pipe", "device"],
)
def test_what_is_no_readable_file(tmp_path, make, message):
    make(tmp_path / "a.wav")
    with pytest.raises(UnreadableError, match=message) as caught:
        decode(tmp_path / "a.wav", limits=LIMITS)
    assert str(tmp_path) not in caught.value.message


def test_a_file_that_is_forbidden(tmp_path, monkeypatch):
    def forbidden(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("emovec_db.audio.source.os.open", forbidden)
    with pytest.raises(UnreadableError, match="reading it is not permitted: give this user"):
        decode(tmp_path / "a.wav", limits=LIMITS)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "end.m4a", "a.opus"])
@pytest.mark.parametrize("good_reads", [0, 1, 2])
def test_a_medium_that_fails_halfway(tmp_path, encoded, monkeypatch, capfd, name, good_reads):
    path = tmp_path / name
    path.write_bytes(encoded[name])
    reads = iter(range(10**6))
    read = os.read

    def failing(number: int, size: int) -> bytes:
        if next(reads) >= good_reads:
            raise OSError(errno.EIO, "Input/output error")
        return read(number, min(size, 8192))

    monkeypatch.setattr("emovec_db.audio.source.os.read", failing)
    with pytest.raises(UnreadableError, match="its medium failed while it was read"):
        decode(path, limits=LIMITS)
    assert capfd.readouterr().err == ""


def test_a_name_with_a_nul():
    with pytest.raises(UnreadableError, match="its name holds a NUL character"):
        decode(Path("a\0.wav"), limits=LIMITS)


def test_names_in_messages_are_one_printable_line(tmp_path):
    path = tmp_path / os.fsdecode(b"bad\n\xff\x1b[31m\xf0\x9f\x98\x80.wav")
    path.write_text("no sound")
    with pytest.raises(NotAudioError) as caught:
        decode(path, limits=LIMITS)
    assert caught.value.message.startswith("bad\\n\\xff\\x1b[31m😀.wav is not audio")
