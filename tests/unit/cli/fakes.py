"""A database that answers what a test told it, and remembers what it was asked."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from emovec_db.domain.agreement import Agreement, BestMatch
from emovec_db.domain.annotation import TableRead
from emovec_db.domain.answer import Answer, MatchGroup
from emovec_db.domain.classification import CheckReport, Classification, Deletion
from emovec_db.domain.clustering import Cluster, Clustering
from emovec_db.domain.collection import Collection, CollectionSummary, Generation, Recipe
from emovec_db.domain.customers import CustomerFigures, CustomerOverview, NegativeTrend, Week
from emovec_db.domain.encoding import EncoderIdentity, Frames, Prediction, Provenance
from emovec_db.domain.evaluation import Evaluation, Measures
from emovec_db.domain.facets import Count, FacetValue
from emovec_db.domain.fitted_space import FittedSpace
from emovec_db.domain.index_state import IndexState
from emovec_db.domain.ingest import Forecast, IngestFailure, IngestReport
from emovec_db.domain.job import ErrorKind, Job, JobItem, JobState
from emovec_db.domain.policy import Policy, PolicyChange, Refusal
from emovec_db.domain.profile import (
    Change,
    CustomerComparison,
    Difference,
    Estimate,
    NearestCustomer,
    Profile,
    TrendPoint,
)
from emovec_db.domain.query import Filter, Match, Page
from emovec_db.domain.recording import Details, Recording, Source, Utterance
from emovec_db.domain.segmentation import NOTHING_LEFT_OUT, LeftOut
from emovec_db.domain.sound import Quality, Sound
from emovec_db.domain.timeline import Timeline
from emovec_db.domain.track import Track
from emovec_db.domain.trajectory import CourseMatch, PlacedPart, SimilarCourses, Trajectory
from emovec_db.emotions import LABELS
from emovec_db.errors import NotAudioError, NotFoundError
from emovec_db.settings import Settings

#: neutral on top, as far from a tie as eight others allow
SCORES = (0.05, 0.02, 0.03, 0.1, 0.65, 0.0, 0.12, 0.03, 0.0)
PREDICTION = Prediction(SCORES)
IDENTITY = EncoderIdentity("compact", "1", "ab" * 32, "fp32", 4)
NOTICE = "compact is a small demonstration encoder"
WHEN = datetime(2026, 3, 1, 13, 30, tzinfo=UTC)
QUALITY = Quality(
    duration_s=2.5,
    peak=0.9,
    clipping_ratio=0.0,
    snr_db=30.0,
    silence_ratio=0.1,
    sample_rate_hz=8000,
    codec="mp3",
    channels=1,
    warnings=("narrow_band",),
)
#: steers a terminal, looks like markup, and is no plain text
NASTY_NAME = "a\n\x1b[31m[bold]b😀.wav"
NASTY_URI = "file:///calls/a%0A%1B%5B31m%5Bbold%5Db%F0%9F%98%80.wav"
NASTY_SHOWN = r"a\n\x1b[31m[bold]b😀.wav"


FITTED = FittedSpace(
    name="emotion", version=2, fitted_at=WHEN, utterances=5400, annotated=4510, seq=5600, people=81, forgotten=1
)

PARTS = (
    PlacedPart(name="neutral", start_s=0.0, end_s=1.0, score=0.65),
    PlacedPart(name="any", start_s=1.0, end_s=1.0, score=1.0),
    PlacedPart(name="not angry", start_s=1.5, end_s=2.5, score=0.5),
)


def utterance(number: int = 7, **changes: Any) -> Utterance:
    given = {
        "utterance_id": number,
        "recording_id": 3,
        "uri": NASTY_URI,
        "channel": "mix",
        "customer": "[red]c\x1b7",
        "speaker": None,
        "role": None,
        "recorded_at": WHEN,
        "start_s": 0.0,
        "end_s": 2.5,
        "voice": None,
        "prediction": PREDICTION,
        "encoder": IDENTITY,
        "provenance": Provenance("onnxruntime-1.31-cpu", "pyav-18.1/soxr-hq-16k/1"),
    }
    return Utterance(**{**given, **changes})


def recording(number: int = 3) -> Recording:
    return Recording(
        recording_id=number,
        sha256="0" * 64,
        pcm_sha256="1" * 64,
        channel="left",
        details=Details(customer="c1", recorded_at=WHEN, metadata={"batch": "\x1b7"}),
        uris=(NASTY_URI,),
        quality=QUALITY,
        summary=PREDICTION,
        left_out=LeftOut(silence_s=12.0, other_sound_s=3.5),
        blob_key=None,
        created_at=WHEN,
    )


def classification(*, frames: bool = False) -> Classification:
    waveform = np.linspace(-1, 1, 40_000, dtype=np.float32)
    scores = np.tile(np.array(SCORES, np.float32), (62, 1))
    return Classification(
        prediction=PREDICTION,
        embedding=np.arange(4, dtype=np.float32),
        encoder_id=IDENTITY.encoder_id,
        encoder_notice=NOTICE,
        sound=Sound(waveform, "1" * 64, "mix", QUALITY),
        timeline=Timeline((utterance(),)),
        left_out=NOTHING_LEFT_OUT,
        frames=Frames(25.0, scores) if frames else None,
    )


def summary(name: str = "default") -> CollectionSummary:
    generation = Generation(
        generation_id=1, encoder=IDENTITY, recipe=Recipe(encoder_source="compact", segmentation="windows-1")
    )
    collection = Collection(collection_id=1, name=name, created_at=WHEN, generation=generation)
    return CollectionSummary(
        collection=collection, recordings=2, utterances=3, customers=1, failures=0, refusals=2,
        suppressions=1,
        policy=Policy(forbidden_roles=("agent",)), duration_s=7201.0,
    )  # fmt: skip


def clustering() -> Clustering:
    clusters = (
        Cluster(cluster=0, size=1200, labels={"sad": 0.25, "angry": 0.75}, central=(utterance(),)),
        Cluster(cluster=1, size=3, labels={"happy": 1.0}, central=(), name="[b]\x1b7投诉"),
    )
    return Clustering(
        clustering_id=5, k=2, seed=1, space="embedding", filter=Filter(), utterances=1203, inertia=12.5,
        silhouette=0.25, created_at=WHEN, clusters=clusters,
    )  # fmt: skip


def differences() -> dict[str, Difference]:
    risen = Difference(difference=0.25, low=0.125, high=0.375, verdict="higher")
    unclear = Difference(difference=-0.01, low=-0.125, high=0.0625, verdict="unclear")
    return {**dict.fromkeys(LABELS, unclear), "sad": risen}


def customer(name: str, **changes: Any) -> CustomerOverview:
    given = {
        "recordings": 1200, "duration_s": 6200.0, "first_recorded_at": WHEN, "last_recorded_at": WHEN,
        "scores": PREDICTION.by_label(),
    }  # fmt: skip
    weeks = tuple(
        Week(start=WHEN, recordings=3, scores=PREDICTION.by_label(), negative=share) for share in (0.125, 0.75)
    )
    trend = NegativeTrend(weeks=weeks, change=0.625, direction="rising")
    return CustomerOverview(customer=name, figures=CustomerFigures(**{**given, **changes}), trend=trend)


def profile() -> Profile:
    scores = {
        label: Estimate(mean=score, low=score / 2, high=score) for label, score in zip(LABELS, SCORES, strict=True)
    }
    return Profile(
        customer="c1", recordings=4, utterances=5, duration_s=90.0, first_recorded_at=WHEN, last_recorded_at=WHEN,
        labels={"neutral": 0.75, "sad": 0.25}, scores=scores, period="week",
        trend=(
            TrendPoint(start=WHEN, recordings=4, scores=PREDICTION.by_label(), intervals=None, volatility=None),
        ),
        change=Change(since=WHEN, recordings=5, baseline_recordings=1200, scores=differences()), space="emotion",
        nearest_space="scores",
        centroid=(1.0, 0.0), spread=0.125, volatility=None,
        typical=(Match(utterance(), 0.9),), unusual=(Match(utterance(8), -0.5),),
        nearest=(NearestCustomer(customer="c2\x1b", similarity=0.5, recordings=3),),
    )  # fmt: skip


def job(number: int = 7, **changes: Any) -> Job:
    given = {
        "job_id": number,
        "collection": "calls\x1b",
        "kind": "archive",
        "state": JobState.RUNNING,
        "counts": {"ingested": 1200, "failed": 40, "refused": 0},
        "total": 5000,
        "duration_s": 6200.0,
        "lease_owner": "host",
        "lease_until": WHEN,
        "heartbeat_at": WHEN + timedelta(seconds=62),
        "created_at": WHEN,
        "started_at": WHEN,
        "finished_at": None,
        "error": None,
    }
    return Job(**{**given, **changes})


class FakeSpaces:
    """Of a collection that `emotion` was learned from."""

    def all(self) -> dict[str, FittedSpace | None]:
        return {"embedding": None, "scores": None, "embedding-scores": None, "emotion": FITTED}

    def indexes(self) -> dict[str, IndexState | None]:
        layered = IndexState(kind="layered", recall=0.984, size=5400, seq=5600)
        return {"embedding": layered, "scores": None, "embedding-scores": None, "emotion": None}

    def default(self) -> str:
        return "emotion"

    def fit(self, labels: Path | None) -> FittedSpace:
        table = TableRead(recordings=4500, unlabelled=2, not_stored=1)
        return replace(FITTED, table=table) if labels else FITTED

    def evaluate(self, labels: Path) -> Evaluation:
        figures = Measures(
            map_at_10=0.5, precision_at_10=0.625, triplet_accuracy=0.75, speaker_triplet_accuracy=0.7,
            sentence_triplet_accuracy=math.nan, queries=40, triplets=900,
        )  # fmt: skip
        return Evaluation(spaces={"emotion": figures}, folds=3, utterances=40, unlabelled=2, not_stored=0)


@dataclass
class FakeCollection:
    """Answers as it was told; `asked` holds (method, arguments, keywords)."""

    name: str
    database: FakeDatabase

    def _asked(self, method: str, *arguments: Any, **keywords: Any) -> None:
        self.database.asked.append((method, arguments, keywords))

    def exists(self) -> bool:
        return True

    @property
    def generations(self) -> Any:
        return self.database.generations

    @property
    def spaces(self) -> Any:
        return FakeSpaces()

    def summary(self) -> CollectionSummary:
        return summary(self.name)

    def encoder(self) -> EncoderIdentity:
        return IDENTITY

    def classify(self, file: Path, *, frames: bool = False, **said: str) -> Classification:
        self._asked("collection.classify", file, frames=frames, **said)
        return classification(frames=frames)

    def count(self, **wanted: Any) -> Count:
        self._asked("count", **wanted)
        return Count(3, 2)

    def facets(self, *by: str, **wanted: Any) -> dict[str, tuple[FacetValue, ...]]:
        self._asked("facets", *by, **wanted)
        return {field: (FacetValue(NASTY_NAME, Count(2, 1)), FacetValue(None, Count(1, 1))) for field in by}

    def policy(self) -> Policy:
        return Policy(forbidden_roles=("agent",))

    def policy_changes(self) -> tuple[PolicyChange, ...]:
        return (PolicyChange(role="agent", forbidden=True, reason="[b]\x1b7", by="a\n", deleted=2, changed_at=WHEN),)

    def refusals(self, **wanted: Any) -> Page[Refusal]:
        self._asked("refusals", **wanted)
        source = Source(uri=NASTY_URI, size_bytes=1, mtime_ns=1)
        return Page(
            (Refusal(source=source, channel="left", role="agent", mixed=False, reason="its role is agent"),), None
        )

    def create(self, **wanted: Any) -> None:
        self._asked("create", **wanted)

    def forbid_role(self, role: str, **wanted: Any) -> Deletion:
        self._asked("forbid_role", role, **wanted)
        return Deletion(recordings=2, utterances=3, blobs=0)

    def allow_role(self, role: str, **wanted: Any) -> None:
        self._asked("allow_role", role, **wanted)

    def siblings(self, recording_id: int) -> tuple[Recording, ...]:
        return (recording(recording_id + 1),)

    def ingest(self, *paths: str, progress: Any, stop: Any, **told: Any) -> IngestReport:
        self._asked("ingest", *paths, **told)
        if self.database.interrupted:
            raise KeyboardInterrupt
        return self.database.report

    def dry_run(self, *paths: str, **told: Any) -> Iterator[Forecast]:
        self._asked("dry_run", *paths, **told)
        return iter(self.database.forecasts)

    def similar(self, file: Path, **wanted: Any) -> Answer:
        self._asked("similar", file, **wanted)
        return self.database.answer(**wanted)

    def similar_by_id(self, utterance_id: int, **wanted: Any) -> Answer:
        self._asked("similar_by_id", utterance_id, **wanted)
        return self.database.answer(**wanted)

    def trajectories(self, pattern: str, **wanted: Any) -> tuple[Trajectory, ...]:
        self._asked("trajectories", pattern, **wanted)
        return (Trajectory(recording=recording(), parts=PARTS, clarity=0.5),) if self.database.matches else ()

    def similar_to_recording(self, recording_id: int, **wanted: Any) -> Answer:
        self.database.asked.append(("similar_to_recording", (recording_id,), wanted))
        return self.database.answer(**wanted)

    def similar_to_customer(self, name: str, **wanted: Any) -> Answer:
        self.database.asked.append(("similar_to_customer", (name,), wanted))
        return self.database.answer(**wanted)

    def similar_to_scores(self, scores: dict[str, float], **wanted: Any) -> Answer:
        self.database.asked.append(("similar_to_scores", (scores,), wanted))
        return self.database.answer(**wanted)

    def similar_to_vector(self, embedding: np.ndarray, **wanted: Any) -> Answer:
        self.database.asked.append(("similar_to_vector", (embedding.tolist(),), wanted))
        return self.database.answer(**wanted)

    def similar_to_examples(self, like: list[int], **wanted: Any) -> Answer:
        self.database.asked.append(("similar_to_examples", (like,), wanted))
        return self.database.answer(**wanted)

    def similar_courses(self, file: Path, **wanted: Any) -> SimilarCourses:
        self._asked("similar_courses", file, **wanted)
        return self._alike()

    def similar_courses_by_id(self, recording_id: int, **wanted: Any) -> SimilarCourses:
        self._asked("similar_courses_by_id", recording_id, **wanted)
        return self._alike()

    def _alike(self) -> SimilarCourses:
        match = CourseMatch(recording=recording(), parts=PARTS, similarity=0.75)
        return SimilarCourses(course=PARTS, matches=(match,) if self.database.matches else ())

    def cluster(self, k: int, **wanted: Any) -> Clustering:
        self._asked("cluster", k, **wanted)
        return clustering()

    def clustering(self, clustering_id: int, *, central_of: Container[int] | None = None) -> Clustering:
        del central_of
        return replace(clustering(), clustering_id=clustering_id)

    def clusterings(self, **wanted: Any) -> Page[Clustering]:
        self._asked("clusterings", **wanted)
        return Page((clustering(),), "next page")

    def name_cluster(self, clustering_id: int, cluster: int, name: str) -> Clustering:
        self._asked("name_cluster", clustering_id, cluster, name)
        return clustering()

    def delete_clustering(self, clustering_id: int) -> None:
        self._asked("delete_clustering", clustering_id)

    def compare_clusterings(self, first: int, second: int) -> Agreement:
        self._asked("compare_clusterings", first, second)
        return Agreement(
            first=first, second=second, both=1200, only_first=3, only_second=0,
            contingency=np.array([[0, 1200], [0, 0]]), adjusted_rand=0.5, normalised_mutual_information=0.25,
            best_matches=(BestMatch(0, 1, 1.0), BestMatch(1, None, 0.0)),
        )  # fmt: skip

    def customers_overview(self, **wanted: Any) -> Page[CustomerOverview]:
        self._asked("customers_overview", **wanted)
        return Page((customer("c1\x1b"), customer("c2", first_recorded_at=None, last_recorded_at=None)), "next page")

    def compare_customers(self, first: str, second: str, **wanted: Any) -> CustomerComparison:
        self._asked("compare_customers", first, second, **wanted)
        other = replace(profile(), customer="[b]\x1b")
        return CustomerComparison(first=profile(), second=other, differences=differences(), similarity=0.5)

    def profile(self, customer: str, **wanted: Any) -> Profile:
        self._asked("profile", customer, **wanted)
        return profile()

    def recordings(self, **wanted: Any) -> Page[Recording]:
        self._asked("recordings", **wanted)
        return Page((recording(),), "next page")

    def recording(self, recording_id: int) -> Recording:
        if recording_id == 404:
            raise NotFoundError("no recording 404", recording_id=404)
        return recording(recording_id)

    def utterances(self, recording_id: int) -> tuple[Utterance, ...]:
        return (utterance(recording_id=recording_id),)

    def track(self, recording_id: int) -> Track:
        """A second of neutral, then a gap of half a second."""
        levels = np.zeros((3, 9), np.uint8)
        levels[:2, LABELS.index("neutral")] = 255
        return Track(2.0, levels)

    def delete(self, recording_id: int) -> Deletion:
        self._asked("delete", recording_id)
        return Deletion(recordings=1, utterances=2, blobs=0)

    def delete_customer(self, customer: str) -> Deletion:
        self._asked("delete_customer", customer)
        return Deletion(recordings=3, utterances=4, blobs=5)

    def check(self, *, repair: bool = False) -> CheckReport:
        return CheckReport(recordings=2, utterances=3, indexed=3, problems=self.database.problems)

    def reindex(self) -> int:
        return 1


@dataclass
class FakeDatabase:
    """What `emovec_db.open` gives in these tests."""

    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    #: encoder and precision
    opened_with: tuple[str | None, str | None] = (None, None)
    report: IngestReport = field(default_factory=IngestReport)
    forecasts: tuple[Forecast, ...] = ()
    matches: tuple[Match, ...] = field(default_factory=lambda: (Match(utterance(), 0.75),))
    groups: tuple[MatchGroup, ...] | None = None
    scores: Prediction | None = None
    next_cursor: str | None = None
    problems: tuple[str, ...] = ()
    interrupted: bool = False
    #: of its collections; see `fake_generations`
    generations: Any = None
    settings: Settings = field(default_factory=lambda: Settings(timezone="Europe/Berlin", _env_file=None))

    def answer(self, *, space: str, **_: Any) -> Answer:
        return Answer(
            space=space, matches=self.matches, groups=self.groups, scores=self.scores, next_cursor=self.next_cursor
        )

    def __enter__(self) -> FakeDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def collection(self, name: str = "default") -> FakeCollection:
        return FakeCollection(name, self)

    def collections(self) -> tuple[CollectionSummary, ...]:
        return (summary("calls\x1b"),)

    def jobs(self, **wanted: Any) -> Page[Job]:
        self.asked.append(("jobs", (), wanted))
        failed = job(5, state=JobState.FAILED, total=None, error="no disk \x1b", counts={}, heartbeat_at=None)
        return Page((job(), job(6, state=JobState.QUEUED, started_at=None, counts={}), failed), "next page")

    def job(self, job_id: int) -> Job:
        return job(job_id)

    def job_items(self, job_id: int) -> tuple[JobItem, ...]:
        return ()

    def job_errors(self, job_id: int) -> tuple[ErrorKind, ...]:
        examples = (IngestFailure(uri=NASTY_URI, code="silent", message="nothing \x1b is heard"),)
        return (ErrorKind("silent", 40, examples),)

    def cancel_job(self, job_id: int) -> Job:
        self.asked.append(("cancel_job", (job_id,), {}))
        return job(job_id, state=JobState.CANCELLED)

    def retry_job(self, job_id: int) -> Job:
        self.asked.append(("retry_job", (job_id,), {}))
        return job(job_id + 1, state=JobState.QUEUED)

    def classify(self, file: Path, *, frames: bool = False, **said: Any) -> Classification:
        self.asked.append(("classify", (file,), {"frames": frames, **said}))
        if file.suffix == ".txt":
            raise NotAudioError(f"{file.name} is not audio")
        return classification(frames=frames)

    def compare(self, first: Path, second: Path, *, space: str) -> float:
        self.asked.append(("compare", (first, second), {"space": space}))
        return 0.5

    def encoder_id(self) -> str:
        return IDENTITY.encoder_id

    def encoder_notice(self) -> str:
        return NOTICE
