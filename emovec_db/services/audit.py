"""Whether stored utterances still come out the same: encode a sample again and compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.audit import AuditReport
from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Encoding
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Recording, Source, Utterance
from emovec_db.domain.segmentation import Segment
from emovec_db.domain.sound import SoundLimits, Waveform
from emovec_db.errors import EmovecError
from emovec_db.services.methods import Method
from emovec_db.services.playback import sources_of, stored_sound
from emovec_db.sources.places import Places
from emovec_db.speech.windows import slice_of
from emovec_db.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Compares stored utterances with what the encoder says of their sound today."""

    store: Store
    blobs: Blobs
    decoders: DecoderPool
    places: Places
    #: the collection's
    method: Method
    limits: SoundLimits

    def run(self, collection: Collection, sample: int, seed: int) -> AuditReport:
        """Audit at most `sample` utterances drawn by the seed; those whose sound is gone are counted, not compared."""
        found = _Findings()
        with self.store.read() as unit:
            policy = unit.policies.of(collection.collection_id)
        for recording, sources, utterances in self._drawn(collection, sample, seed):
            try:
                sound = stored_sound(self.blobs, self.decoders, self.places, policy, recording, sources, self.limits)
            except EmovecError:
                found.gone += len(utterances)
                continue
            if sound.pcm_sha256 != recording.pcm_sha256:
                found.decoded_otherwise += len(utterances)
            heard = self.method.cleaned(sound).waveform
            parts = [slice_of(heard, Segment(one.start_s, one.end_s)) for one in utterances]
            self._compare(collection, utterances, parts, found)
        return found.report()

    def _drawn(
        self, collection: Collection, sample: int, seed: int
    ) -> list[tuple[Recording, Mapping[str, Source], list[Utterance]]]:
        with self.store.read() as unit:
            ids = unit.utterances.ids(collection, Filter())
            drawn = np.sort(np.random.default_rng(seed).permutation(ids)[:sample])
            by_recording: dict[int, list[Utterance]] = {}
            for utterance in unit.utterances.rows(collection, drawn.tolist()).values():
                by_recording.setdefault(utterance.recording_id, []).append(utterance)
            drawn_from = [unit.recordings.get(collection.collection_id, one) for one in sorted(by_recording)]
            return [
                (recording, sources_of(unit, collection, recording), by_recording[recording.recording_id])
                for recording in drawn_from
            ]

    def _compare(
        self, collection: Collection, utterances: Sequence[Utterance], parts: Sequence[Waveform], found: _Findings
    ) -> None:
        ids = [utterance.utterance_id for utterance in utterances]
        with self.store.read() as unit:
            stored = unit.utterances.vectors(collection, ids)
        found.backends |= {utterance.provenance.backend for utterance in utterances}
        for row, encoding in enumerate(self.method.encoder.encode(parts)):
            found.compare(stored.embeddings[row], stored.scores[row], encoding)


@dataclass(slots=True)
class _Findings:
    deviations: list[tuple[float, float, float]] = field(default_factory=list)
    gone: int = 0
    decoded_otherwise: int = 0
    backends: set[str] = field(default_factory=set)

    def compare(self, embedding: NDArray[np.float32], scores: NDArray[np.float32], again: Encoding) -> None:
        lengths = float(np.linalg.norm(embedding) * np.linalg.norm(again.embedding))
        self.deviations.append(
            (
                float(np.abs(embedding - again.embedding).max()),
                float(np.abs(scores - again.scores).max()),
                float(embedding @ again.embedding) / lengths,
            )
        )

    def report(self) -> AuditReport:
        deviations = np.array(self.deviations) if self.deviations else None
        return AuditReport(
            utterances=len(self.deviations),
            gone=self.gone,
            decoded_otherwise=self.decoded_otherwise,
            max_embedding_deviation=None if deviations is None else float(deviations[:, 0].max()),
            max_score_deviation=None if deviations is None else float(deviations[:, 1].max()),
            min_cosine=None if deviations is None else float(deviations[:, 2].min()),
            backends=tuple(sorted(self.backends)),
        )
