"""ffmpeg behind an allow list: opening a container and decoding its first audio stream frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emovec_db.audio.source import Source
from emovec_db.errors import NotAudioError, TruncatedError

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

#: The demuxers that may run. An allow list because many others follow references to other files or to the network
#: (hls, concat, dash, imf, sdp, rtsp), read devices, or take any text or image for media (tty, image2, subtitles).
#: Raw streams without a header (pcm, g722, gsm) are absent: the bytes alone can't say what they are.
FORMATS: Final = (
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "eac3", "flac", "flv", "ircam", "matroska", "mov",
    "mp3", "mpc", "mpc8", "mpeg", "mpegts", "nistsphere", "ogg", "tak", "tta", "voc", "w64", "wav", "wv",
)  # fmt: skip

_OPTIONS: Final = {
    "format_whitelist": ",".join(FORMATS),
    # Nothing but the bytes that we hand over is ever opened, whatever a demuxer wants.
    "protocol_whitelist": "none",
}

#: an MPEG-4 file's table of contents often stands at its end, so a cut file has none
_MPEG4_MARK: Final = b"ftyp"


@dataclass(slots=True)
class Track:
    """The first audio stream of a container, and what decoding it has met so far."""

    container: InputContainer
    stream: AudioStream
    #: for example ``wav``, ``mov,mp4,m4a,3gp,3g2,mj2``
    format: str
    codec: str
    #: samples decoded, in seconds
    decoded_s: float = 0.0
    #: from the first decoded sample to the end of the last by the container's clock; 0 where it has none
    clock_s: float = 0.0
    #: packets that the decoder refused
    refused_packets: int = 0
    #: the container broke off, or its last packet is shorter than it says
    ends_corrupt: bool = False
    _clock_start_s: float | None = None

    @property
    def promised_s(self) -> float | None:
        """The length in the container's header, or ffmpeg's estimate of it."""
        if self.stream.duration is not None and self.stream.time_base is not None:
            return float(self.stream.duration * self.stream.time_base)
        if self.container.duration is not None and len(self.container.streams) == 1:
            return self.container.duration / 1_000_000
        return None

    def frames(self) -> Iterator[AudioFrame]:
        """Decoded frames in order; packets that can't be decoded are counted and passed over, as players do."""
        import av  # loads ffmpeg

        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self.ends_corrupt = True
                return
            if packet is None:
                return
            if packet.size:
                self.ends_corrupt = packet.is_corrupt
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self.refused_packets += 1
                continue
            for frame in frames:
                self._count(frame)
                yield frame

    def _count(self, frame: AudioFrame) -> None:
        if frame.sample_rate <= 0:
            return
        length_s = frame.samples / frame.sample_rate
        if frame.time is not None:
            if self._clock_start_s is None:
                self._clock_start_s = frame.time
            self.clock_s = frame.time + length_s - self._clock_start_s
        self.decoded_s += length_s


@contextmanager
def open_track(source: Source) -> Iterator[Track]:
    """Open a container and find its first audio stream.

    Raises NotAudioError (no format on the list, no sound in it, unknown codec), TruncatedError (no table of contents),
    OSError (from the source).
    """
    import av  # loads ffmpeg

    try:
        container = av.open(source, mode="r", container_options=_OPTIONS, metadata_errors="replace")
    except av.FFmpegError as error:
        raise _not_opened(source) from error
    with container:
        if not container.streams.audio:
            raise NotAudioError(f"{source.shown} holds no sound, only pictures or text; expected an audio track")
        stream = container.streams.audio[0]
        codec_context = stream.codec_context
        if codec_context is None:
            raise NotAudioError(
                f"{source.shown} holds sound in a codec that is not known here: convert it to wav or flac"
            )
        # A clip decodes in milliseconds: threads would cost more, and other work runs beside this.
        codec_context.thread_count = 1
        yield Track(container, stream, container.format.name, codec_context.codec.canonical_name)


def _not_opened(source: Source) -> NotAudioError | TruncatedError:
    if source.peek(4, 4) == _MPEG4_MARK:
        return TruncatedError(
            f"{source.shown} begins as MPEG-4 (m4a, mp4), but its table of contents is missing or damaged, "
            "so it was probably cut off: copy it again from where it came"
        )
    return NotAudioError(
        f"{source.shown} is not audio that can be decoded; expected wav, flac, mp3, m4a, ogg, webm, wma, aiff "
        "or another sound or video file: see whether a player opens it"
    )
