"""The drafts of a collection as Python users hold them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Unpack

from emovec_db.database.asking import Asking
from emovec_db.database.handle import Handle
from emovec_db.database.searching import Searching
from emovec_db.domain.answer import Answer
from emovec_db.domain.classification import Classification
from emovec_db.domain.draft import Draft, NewDraft
from emovec_db.domain.job import Job
from emovec_db.domain.recording import Details
from emovec_db.domain.similar import SearchFields
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.services.drafts.drafts import part_of
from emovec_db.services.gate import admitted_sound
from emovec_db.services.ingest.asking import request_of_upload
from emovec_db.sources.local import digest


class Drafts(Handle):
    """Recordings that were sent to be classified and are kept for an hour, outside the collection.

    All that take a token raise NotFoundError where its draft is gone and, but for `forget`, RefusedError where the
    collection's policy forbids it by now.
    """

    def make(
        self,
        recording: str | Path,
        *,
        file_name: str | None = None,
        frames: bool = False,
        role: str | None = None,
        channel: str = MIX,
        limits: SoundLimits | None = None,
    ) -> Draft:
        """Classify a recording, as `Collection.classify` does, and keep it for an hour; `file_name` is shown.

        Raises:
            RefusedError, RecordingError: as `Collection.classify`; nothing is kept.
            TooLargeError: it is too long for a draft.
        """
        path, policy, parts = Path(recording), self.policy(), self._parts
        began_s = perf_counter()
        sound = admitted_sound(parts.decoders, policy, path, limits or parts.upload_limits, role=role, channel=channel)
        decoded_s = perf_counter()
        heard = self._classified(sound, role, frames=frames)
        draft = NewDraft(
            collection=self.name,
            file_name=file_name or path.name,
            size_bytes=path.stat().st_size,
            sha256=digest(path),
            role=role,
            sound=sound,
            heard=heard,
            decode_ms=(decoded_s - began_s) * 1000,
            classify_ms=(perf_counter() - decoded_s) * 1000,
        )
        # the policy may have changed meanwhile
        return self.get(parts.drafts.keep(draft, path, policy))

    def get(self, token: str) -> Draft:
        """A draft and what was heard in it."""
        return self._parts.drafts.get(self.name, token, self.policy())

    def audio(self, token: str) -> Path:
        """WAV of what the encoder heard, mono, 16 kHz."""
        return self._parts.drafts.played(self.get(token))

    def classify(self, token: str, start_s: float, end_s: float, *, frames: bool = False) -> Classification:
        """Emotion of a stretch of a draft, as of a recording for itself; nothing more is kept.

        Raises:
            QueryError, TooShortError, SilentError: the stretch can't be used; says why.
        """
        draft = self.get(token)
        return self._classified(part_of(draft.sound, start_s, end_s), draft.role, frames=frames)

    def similar(
        self, token: str, *, start_s: float | None = None, end_s: float | None = None, **asked: Unpack[SearchFields]
    ) -> Answer:
        """Stored utterances nearest to a draft, or to a stretch of it; as `Collection.similar`.

        Raises:
            QueryError, TooShortError, SilentError: as `classify`.
        """
        draft = self.get(token)
        sound = draft.sound
        if start_s is not None or end_s is not None:
            sound = part_of(sound, start_s or 0.0, sound.duration_s if end_s is None else end_s)
        return Searching(self._parts, self.name).similar(sound, recording_role=draft.role, **asked)

    def upload(self, token: str, *, details: Details | None = None, allow_again: bool = False) -> Job:
        """Store a draft, as `Collection.upload` of its file would; the role is the draft's unless another is told.

        Under a policy only the sound of the channel was kept: that is stored, under the file's name.

        Raises:
            RefusedError, SuppressedError: as `Collection.upload`.
        """
        draft, parts, told = self.get(token), self._parts, details or Details()
        told = replace(told, role=told.role or draft.role)
        with parts.drafts.sent(draft) as (stream, channel):
            request = request_of_upload(parts.settings.zone, told, channels=(channel,), allow_again=allow_again)
            # it was held to the limits when it came, and as WAV it may have more bytes
            limit = parts.archive_limits.max_bytes
            job_id = parts.uploads.receive(self._opened(), stream, draft.file_name, request, limit)
        with parts.store.read() as unit:
            return unit.jobs.get(job_id)

    def forget(self, token: str) -> None:
        """Take a draft away at once."""
        self._parts.drafts.forget(self.name, token)

    def _classified(self, sound: Sound, role: str | None, *, frames: bool) -> Classification:
        return Asking(self._parts, self.name).classify(sound, role=role, frames=frames)
