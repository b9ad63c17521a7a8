"""Following emotion through the time of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from emovec_db.database.handle import Handle
from emovec_db.domain.pattern import Pattern
from emovec_db.domain.query import Filter, FilterFields
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.domain.trajectory import SimilarCourses, Trajectory
from emovec_db.services.gate import admitted_sound
from emovec_db.services.methods import method_of
from emovec_db.services.trajectories.search import DEFAULT_CLARITY, DEFAULT_STRETCH, CourseQuestion, PatternQuestion


class Following(Handle):
    """Recordings by the course of their emotion; the filter looks at whole recordings."""

    def trajectories(
        self, pattern: str, *, k: int = 10, min_clarity: float = DEFAULT_CLARITY, **chosen: Unpack[FilterFields]
    ) -> tuple[Trajectory, ...]:
        """Recordings in which a pattern such as ``neutral > angry 5s > calm`` holds, the clearest first.

        Raises:
            QueryError: the pattern can't be read; says where and what was expected there.
        """
        question = PatternQuestion(k=k, min_clarity=min_clarity, filter=Filter(**chosen))
        return self._parts.trajectories.holding(self._stored(), Pattern.parse(pattern), question)

    def similar_courses(
        self,
        recording: str | Path | Sound,
        *,
        k: int = 10,
        stretch: float = DEFAULT_STRETCH,
        recording_role: str | None = None,
        recording_channel: str = MIX,
        limits: SoundLimits | None = None,
        **chosen: Unpack[FilterFields],
    ) -> SimilarCourses:
        """Stored recordings whose emotion takes a course most like that of a recording, which is not stored.

        `stretch`: how many times longer or shorter their speech may be. `role` chooses among the stored;
        `recording_role` and `recording_channel` say what the given one is.

        Raises:
            RefusedError: the collection's policy forbids the recording's role, or wants to know it.
        """
        question = CourseQuestion(k=k, stretch=stretch, filter=Filter(**chosen))
        stored, parts = self._stored(), self._parts
        # by the encoder of the generation that is searched, also if the collection is given another one meanwhile
        method = method_of(parts.encoders, parts.diarizers, stored)
        sound = admitted_sound(
            parts.decoders,
            self.policy(),
            recording,
            limits or parts.archive_limits,
            role=recording_role,
            channel=recording_channel,
        )
        track = parts.sounds.encode(method, [sound])[0].track
        return parts.trajectories.like(stored, track, sound.duration_s, question)

    def similar_courses_by_id(
        self, recording_id: int, *, k: int = 10, stretch: float = DEFAULT_STRETCH, **chosen: Unpack[FilterFields]
    ) -> SimilarCourses:
        """Stored recordings whose emotion takes a course most like that of a stored one, without itself."""
        question = CourseQuestion(k=k, stretch=stretch, filter=Filter(**chosen), without=recording_id)
        stored = self._stored()
        with self._parts.store.read() as unit:
            recording = unit.recordings.get(stored.collection_id, recording_id)
            track = unit.tracks.get(stored, recording_id)
        return self._parts.trajectories.like(stored, track, recording.quality.duration_s, question)
