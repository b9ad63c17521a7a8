"""Wires everything once from the settings."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, replace

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.blobs.draft_folder import DraftFolder
from emovec_db.blobs.folder import FolderBlobs
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestProgress, Progress
from emovec_db.domain.job import UPLOAD_JOB, Job
from emovec_db.domain.sound import SoundLimits
from emovec_db.encoder.registry import load_encoder
from emovec_db.services.deletion import Eraser
from emovec_db.services.diarizers import Diarizers, load_diarizer
from emovec_db.services.drafts.drafts import Drafts
from emovec_db.services.encoders import Encoders
from emovec_db.services.encoding import SoundEncoder
from emovec_db.services.indexes.engines import indexes_at
from emovec_db.services.indexes.protocol import Indexes
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.maps import Maps
from emovec_db.services.methods import method_of
from emovec_db.services.policies import Policies
from emovec_db.services.profiles.customer_means import CustomerMeans
from emovec_db.services.reencoding.generations import Generations
from emovec_db.services.reencoding.reencodings import Reencodings
from emovec_db.services.search import Search
from emovec_db.services.spaces import Spaces
from emovec_db.services.trajectories.search import Trajectories
from emovec_db.services.upkeep import Upkeep
from emovec_db.services.uploads import Uploads
from emovec_db.settings import DEFAULT_ENCODER, Settings
from emovec_db.sources.places import Places
from emovec_db.sources.remote.fetching import Remote
from emovec_db.store.store import Store

MB = 1_000_000


def say_nothing(_progress: IngestProgress) -> None:
    """Nobody watches the ingest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that the facade needs, wired."""

    settings: Settings
    store: Store
    blobs: Blobs
    decoders: DecoderPool
    places: Places
    encoders: Encoders
    diarizers: Diarizers
    sounds: SoundEncoder
    indexes: Indexes
    spaces: Spaces
    customer_means: CustomerMeans
    upkeep: Upkeep
    search: Search
    trajectories: Trajectories
    maps: Maps
    eraser: Eraser
    uploads: Uploads
    drafts: Drafts
    policies: Policies
    reencodings: Reencodings
    generations: Generations
    upload_limits: SoundLimits
    archive_limits: SoundLimits
    #: threads that read and decode ahead of the encoder
    readers: int

    def ingest(
        self,
        collection: Collection,
        job_id: int,
        tally: Tally,
        limits: SoundLimits,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> Ingest:
        """A run into a collection on behalf of a job.

        Raises:
            EncoderMismatchError: the configured encoder is not the collection's.
            MissingPartError: the diarizer's weights, or what runs them, are not there.
        """

        def renew() -> Ingest:
            with self.store.read() as unit:
                now = unit.collections.get(collection.name)
            return self.ingest(now, job_id, tally, limits, progress, stop)

        return Ingest(
            store=self.store,
            decoders=self.decoders,
            places=self.places,
            collection=collection,
            method=method_of(self.encoders, self.diarizers, collection),
            sounds=self.sounds,
            eraser=self.eraser,
            limits=limits,
            readers=self.readers,
            job_id=job_id,
            tally=tally,
            progress=progress or say_nothing,
            renew=renew,
            stop=stop or threading.Event(),
        )

    def ingest_for(self, job: Job, tally: Tally) -> Ingest:
        """A worker's run."""
        with self.store.read() as unit:
            collection = unit.collections.get(job.collection)
        # an upload's bytes were held to their limit when they came; the sound of a draft as WAV may have more of them
        uploaded = replace(self.archive_limits, max_duration_s=self.upload_limits.max_duration_s)
        limits = uploaded if job.kind == UPLOAD_JOB else self.archive_limits
        return self.ingest(collection, job.job_id, tally, limits)


def build(settings: Settings) -> Parts:
    """Open the store and wire the services; loads no encoder yet.

    Raises:
        SettingsError: a setting names something that does not exist.
        SchemaOutdatedError: the database needs `emovec migrate`.
    """
    # A spinning OpenMP pool starves the other libraries' pools, a sleeping one costs nothing. It must be set before
    # torch, FAISS or scikit-learn load libgomp, and all of them load on first use.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    threads = settings.threads or None
    store = Store.open(settings.resolved_database_url)
    blobs = FolderBlobs(settings.blobs_dir)
    # decoding takes longer than compact takes to encode, and a GPU encodes thousands of seconds of sound each second;
    # two at least, also so that a long recording does not hold up every other request of a server
    readers = max(2, (os.cpu_count() or 2) // 2)
    decoders = DecoderPool(readers, timeout_s=settings.decode_timeout_s)
    places = Places(Remote(settings.fetched_dir))
    diarizers = Diarizers(lambda kind: load_diarizer(kind, settings.resolved_models_dir))
    sounds = SoundEncoder()
    try:
        indexes = indexes_at(settings.index_url.get_secret_value(), store, settings.index_dir)
    except BaseException:
        store.close()
        raise
    spaces = Spaces(store, indexes)
    maps, customer_means = Maps(store), CustomerMeans()
    drafts = Drafts(DraftFolder(settings.drafts_dir))
    eraser = Eraser(store, blobs, indexes, sounds, spaces, maps, customer_means, drafts)
    archive_limits = SoundLimits(int(settings.archive_max_mb * MB), settings.archive_max_hours * 3600)
    encoders = Encoders(
        lambda source, precision: load_encoder(
            source,
            models_dir=settings.resolved_models_dir,
            precision=precision,
            device=settings.device,
            threads=threads,
        ),
        settings.encoder,
        settings.precision,
        DEFAULT_ENCODER,
    )
    return Parts(
        settings=settings,
        store=store,
        blobs=blobs,
        decoders=decoders,
        places=places,
        encoders=encoders,
        diarizers=diarizers,
        sounds=sounds,
        indexes=indexes,
        spaces=spaces,
        customer_means=customer_means,
        upkeep=Upkeep(spaces, indexes),
        search=Search(store, indexes),
        trajectories=Trajectories(store),
        maps=maps,
        eraser=eraser,
        uploads=Uploads(store, blobs),
        drafts=drafts,
        policies=Policies(
            store=store, blobs=blobs, decoders=decoders, places=places, eraser=eraser, limits=archive_limits
        ),
        reencodings=Reencodings(
            store=store,
            encoders=encoders,
            diarizers=diarizers,
            blobs=blobs,
            decoders=decoders,
            places=places,
            sounds=sounds,
            indexes=indexes,
            spaces=spaces,
            eraser=eraser,
            limits=archive_limits,
            readers=readers,
        ),
        generations=Generations(store, indexes),
        upload_limits=SoundLimits(int(settings.upload_max_mb * MB), settings.upload_max_minutes * 60),
        archive_limits=archive_limits,
        readers=readers,
    )
