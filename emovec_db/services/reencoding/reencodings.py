"""Encoding collections anew: what is asked for, which generation that is, one run at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection, GenerationState, Recipe
from emovec_db.domain.ingest import Progress
from emovec_db.domain.job import REENCODE_JOB
from emovec_db.domain.reencoding import Aim, LabelChanges, ReencodeOutcome, ReencodeReport
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import ConflictError
from emovec_db.processes import owner_name
from emovec_db.services.deletion import Eraser
from emovec_db.services.diarizers import Diarizers
from emovec_db.services.encoders import Encoders
from emovec_db.services.encoding import SoundEncoder
from emovec_db.services.foreground import held
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.leases import LEASE_S, end_leases
from emovec_db.services.methods import Method, method_by
from emovec_db.services.reencoding.label_changes import label_changes
from emovec_db.services.reencoding.rereading import Rereader
from emovec_db.services.reencoding.run import Reencoding
from emovec_db.services.spaces import Spaces
from emovec_db.sources.places import Places
from emovec_db.speech.registry import newest_segmentation
from emovec_db.store.store import Store, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reencodings:
    """Re-encodes collections in this process."""

    store: Store
    encoders: Encoders
    diarizers: Diarizers
    blobs: Blobs
    decoders: DecoderPool
    places: Places
    sounds: SoundEncoder
    indexes: Indexes
    spaces: Spaces
    eraser: Eraser
    limits: SoundLimits
    #: threads that read and decode ahead of the encoder
    readers: int

    def run(
        self, serving: Collection, aim: Aim, *, may_delete: int, progress: Progress, stop: threading.Event
    ) -> ReencodeReport:
        """Build what is aimed at beside what serves, go on with it where it was left, and switch when it is complete.

        `may_delete` is how many recordings may be deleted because they can't be encoded any more; are there more, or
        uploads among them, nothing is switched.

        Raises:
            ConflictError: the collection is being re-encoded, or another generation of it is unfinished.
            JobCancelledError: after the batch in hand.
            StoppedError: `stop` was set; what is in hand then is still written.
        """
        method, recipe = self._method(serving, aim)
        if serving.generation.is_made_by(method.encoder.identity, recipe):
            return ReencodeReport(outcome=ReencodeOutcome.UNCHANGED, generation=serving.generation)
        owner, tally = owner_name(), Tally()
        end_leases(self.store)
        with self.store.write() as unit:
            unit.collections.lock(serving.collection_id)
            _require_none_running(unit, serving)
            target = _target(unit, serving, method, recipe)
            job_id = unit.jobs.start(serving.collection_id, REENCODE_JOB, owner, LEASE_S)
        interrupted = "interrupted: run the same re-encoding again to continue"
        with held(self.store, job_id, owner, tally, interrupted=interrupted) as ending:
            reencoding = Reencoding(
                store=self.store,
                rereader=self._rereader(target, method),
                indexes=self.indexes,
                spaces=self.spaces,
                eraser=self.eraser,
                target=target,
                job_id=job_id,
                tally=tally,
                progress=progress,
                may_delete=may_delete,
                stop=stop,
            )
            deleted = reencoding.run()
            if deleted is None:
                ending.error = "not switched: some recordings can't be encoded any more"
        counted = tally.report()
        return ReencodeReport(
            outcome=ReencodeOutcome.HELD_BACK if deleted is None else ReencodeOutcome.SWITCHED,
            generation=target.generation,
            encoded=tally.counts["encoded"],
            lost=counted.errors,
            uploads_lost=reencoding.uploads_lost,
            deleted=deleted or 0,
            seconds=counted.seconds,
            duration_s=counted.duration_s,
        )

    def sample(self, serving: Collection, aim: Aim, *, recordings: int, seed: int) -> LabelChanges:
        """How the labels of a sample would change; nothing is stored."""
        method, _recipe = self._method(serving, aim)
        return label_changes(self._rereader(serving, method), recordings, seed)

    def _method(self, serving: Collection, aim: Aim) -> tuple[Method, Recipe]:
        recipe, precision = serving.generation.recipe, aim.precision
        if aim.encoder is not None:
            recipe = replace(recipe, encoder_source=aim.encoder)
        else:
            precision = precision or serving.generation.encoder.precision
        if aim.segmentation is not None:
            recipe = replace(recipe, segmentation=newest_segmentation(aim.segmentation))
        return method_by(self.encoders.named(recipe.encoder_source, precision), self.diarizers, recipe), recipe

    def _rereader(self, collection: Collection, method: Method) -> Rereader:
        return Rereader(
            store=self.store,
            blobs=self.blobs,
            decoders=self.decoders,
            places=self.places,
            sounds=self.sounds,
            limits=self.limits,
            readers=self.readers,
            collection=collection,
            method=method,
        )


def _require_none_running(unit: Unit, collection: Collection) -> None:
    job_id = unit.jobs.open_of(collection.collection_id, REENCODE_JOB)
    if job_id is not None:
        raise ConflictError(
            f"collection {collection.name!r} is being re-encoded, by job {job_id}: wait for it, or "
            f"`emovec jobs cancel {job_id}`"
        )


def _target(unit: Unit, serving: Collection, method: Method, recipe: Recipe) -> Collection:
    """The generation of that encoder and recipe, made if need be."""
    summaries = unit.generations.summaries(serving.collection_id)
    for summary in summaries:
        if summary.generation.is_made_by(method.encoder.identity, recipe):
            target = unit.generations.get(serving, summary.generation.generation_id)
            moved = target.generation.recipe.encoder_source != recipe.encoder_source
            return unit.generations.load_from(target, recipe.encoder_source) if moved else target
    for summary in summaries:
        if summary.state is GenerationState.BUILDING:
            unfinished = summary.generation
            raise ConflictError(
                f"generation {unfinished.generation_id} of collection {serving.name!r} is unfinished "
                f"({unfinished.encoder.encoder_id}, {unfinished.recipe.segmentation}): finish it by `emovec reencode "
                f"--to {unfinished.recipe.encoder_source}`, or `emovec generations drop {unfinished.generation_id}`"
            )
    return unit.generations.create(serving, method.encoder.identity, recipe)
