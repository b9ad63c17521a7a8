"""Sound to utterances: segment, encode each sound once, sum up."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Encoding, Prediction
from emovec_db.domain.recording import NewUtterance
from emovec_db.domain.segmentation import Cut, LeftOut, Segment
from emovec_db.domain.sound import Sound
from emovec_db.domain.timeline import Timeline
from emovec_db.domain.track import Track
from emovec_db.encoder.protocol import Encoder
from emovec_db.services.methods import Method
from emovec_db.speech.windows import slice_of
from emovec_db.store.store import Unit

#: enough for people who classify, then search, then add the same clip
CACHED_SOUNDS = 256
#: what was only classified must not linger
CACHE_LIFE_S = 600.0

#: sha256 of the sound, and the method's key
_Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class EncodedSound:
    """A recording's utterances, what is in none of them, its track, and the back end that made them."""

    utterances: tuple[NewUtterance, ...]
    left_out: LeftOut
    track: Track
    backend: str

    @property
    def timeline(self) -> Timeline:
        return Timeline(self.utterances)

    @property
    def summary(self) -> Prediction:
        """Duration-weighted mean of the utterances' scores."""
        return self.timeline.summary()

    @property
    def embedding(self) -> NDArray[np.float32]:
        """Duration-weighted mean of the utterances' embeddings, float32 (dim,)."""
        embeddings = np.stack([utterance.embedding for utterance in self.utterances])
        return (self.timeline.weights() @ embeddings).astype(np.float32)


class SoundEncoder:
    """Encodes sounds and remembers the last ones, so that the same sound is encoded once.

    The memory is this process's, small and short-lived; `forget` empties it when something is deleted.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: OrderedDict[_Key, tuple[float, EncodedSound]] = OrderedDict()

    def encode(
        self, method: Method, sounds: Sequence[Sound], cuts: Sequence[Cut | None] | None = None
    ) -> list[EncodedSound]:
        """One result per sound, in order; a sound that is not cleaned yet or comes without its cut gets that here.

        Raises:
            NoSpeechError: one that comes without its cut holds no speech.
            QueryError: one was cleaned otherwise than this method does.
        """
        keys = [(sound.pcm_sha256, method.key) for sound in sounds]
        known: dict[_Key, EncodedSound | None] = {key: self._recall(key) for key in keys}
        fresh = {
            key: _prepared(method, sound, cut)
            for key, sound, cut in zip(keys, sounds, cuts or [None] * len(sounds), strict=True)
            if known[key] is None
        }
        for key, just_encoded in zip(fresh, encode_sounds(method.encoder, list(fresh.values())), strict=True):
            known[key] = just_encoded
            self._remember(key, just_encoded)
        return [encoded for key in keys if (encoded := known[key]) is not None]

    def encode_unknown(
        self, method: Method, sounds: Sequence[Sound], cuts: Sequence[Cut], known: Sequence[EncodedSound | None]
    ) -> list[EncodedSound]:
        """One result per sound, in order: what is `known` of it, else as `encode`."""
        unknown = [place for place, kept in enumerate(known) if kept is None]
        fresh = iter(self.encode(method, [sounds[place] for place in unknown], [cuts[place] for place in unknown]))
        return [next(fresh) if kept is None else kept for kept in known]

    def forget(self) -> None:
        """Drop everything that is remembered."""
        with self._lock:
            self._cache.clear()

    def _recall(self, key: _Key) -> EncodedSound | None:
        with self._lock:
            kept = self._cache.get(key)
            if kept is None or self._clock() - kept[0] > CACHE_LIFE_S:
                self._cache.pop(key, None)
                return None
            self._cache.move_to_end(key)
            return kept[1]

    def _remember(self, key: _Key, encoded: EncodedSound) -> None:
        with self._lock:
            self._cache[key] = (self._clock(), encoded)
            while len(self._cache) > CACHED_SOUNDS:
                self._cache.popitem(last=False)


def stored_encoding(unit: Unit, collection: Collection, pcm_sha256: str) -> EncodedSound | None:
    """What the collection's generation already holds of this very sound."""
    recording = unit.recordings.by_pcm(collection, pcm_sha256)
    if recording is None:
        return None
    utterances = unit.utterances.of_recording(collection, recording.recording_id)
    vectors = unit.utterances.vectors(collection, [utterance.utterance_id for utterance in utterances])
    embeddings = dict(zip(vectors.ids.tolist(), vectors.embeddings, strict=True))
    return EncodedSound(
        tuple(
            NewUtterance(
                start_s=utterance.start_s,
                end_s=utterance.end_s,
                embedding=embeddings[utterance.utterance_id],
                prediction=utterance.prediction,
                voice=utterance.voice,
            )
            for utterance in utterances
        ),
        recording.left_out,
        unit.tracks.get(collection, recording.recording_id),
        utterances[0].provenance.backend,
    )


def _prepared(method: Method, sound: Sound, cut: Cut | None) -> tuple[Sound, Cut]:
    cleaned = method.cleaned(sound)
    return cleaned, cut or method.segmentation.cut(cleaned.waveform)


def encode_sounds(encoder: Encoder, sounds: Sequence[tuple[Sound, Cut]]) -> list[EncodedSound]:
    """Encode all segments of all sounds, as they are, in one call."""
    waveforms = [slice_of(sound.waveform, part) for sound, cut in sounds for part in cut.segments]
    encodings = iter(encoder.encode(waveforms) if waveforms else [])
    return [_encoded(sound, cut, list(islice(encodings, len(cut.segments))), encoder.backend) for sound, cut in sounds]


def _encoded(sound: Sound, cut: Cut, encodings: Sequence[Encoding], backend: str) -> EncodedSound:
    parts = list(zip(cut.segments, encodings, strict=True))
    return EncodedSound(
        utterances=tuple(_utterance(part, encoding) for part, encoding in parts),
        left_out=cut.left_out,
        track=Track.of(sound.duration_s, ((part.start_s, encoding.frames) for part, encoding in parts)),
        backend=backend,
    )


def _utterance(segment: Segment, encoding: Encoding) -> NewUtterance:
    return NewUtterance(
        start_s=segment.start_s,
        end_s=segment.end_s,
        embedding=encoding.embedding,
        prediction=Prediction.of(encoding.scores),
        voice=segment.voice,
    )
