"""Keeping a recording for an hour beside all collections, as far as its collection's policy lets it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from emovec_db.audio.decode import MIN_DURATION_S, from_samples
from emovec_db.audio.wav import write_float_wav
from emovec_db.blobs.draft_folder import DraftFolder, gone
from emovec_db.domain.draft import Draft, NewDraft
from emovec_db.domain.policy import Policy
from emovec_db.domain.recording import Recording
from emovec_db.domain.sound import MIX, SAMPLE_RATE_HZ, Sound
from emovec_db.errors import NotFoundError, QueryError, RefusedError, SilentError, TooShortError
from emovec_db.services.drafts.files import ORIGINAL, PROCESSED_WAV, read_draft, write_draft
from emovec_db.services.gate import check


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts of all collections."""

    folder: DraftFolder

    def keep(self, draft: NewDraft, original: Path, policy: Policy) -> str:
        """Keep what was heard, and under no policy the file too; its token.

        Under a policy the file is not kept for one of its channels: another may be a forbidden party's.

        Raises:
            TooLargeError, DiskFullError: as `DraftFolder.making`.
        """
        with self.folder.making() as (token, folder):
            write_draft(folder, draft, None if policy.in_force else original)
        return token

    def get(self, collection: str, token: str, policy: Policy) -> Draft:
        """A draft that is there; its collection's policy is asked again.

        Raises:
            NotFoundError: there is none, any more or in this collection.
            RefusedError: the policy forbids its role by now, or wants to know it; the draft is gone then.
        """
        draft = self._read(collection, token)
        try:
            check(policy, draft.role, mixed=draft.sound.is_mixed)
        except RefusedError:
            self.folder.forget(token)
            raise
        if policy.in_force:
            self.folder.drop(token, ORIGINAL)
        return draft

    def hold(self, collection: str, policy: Policy) -> None:
        """Take away what the policy forbids of a collection's drafts, and the files of all others."""
        for token in self.folder.tokens():
            with suppress(NotFoundError, RefusedError):
                self.get(collection, token, policy)

    def played(self, draft: Draft) -> Path:
        """WAV of what the encoder heard, mono, 16 kHz, 16 bits; NotFoundError."""
        return self.folder.path(draft.token) / PROCESSED_WAV

    @contextmanager
    def sent(self, draft: Draft) -> Iterator[tuple[BinaryIO, str]]:
        """The file as it came, and which channel of it was heard; where only the sound is kept, that as WAV.

        Raises:
            NotFoundError: the draft was taken away meanwhile.
        """
        original = self.folder.path(draft.token) / ORIGINAL
        try:
            file = original.open("rb")
        except FileNotFoundError:
            with tempfile.TemporaryFile() as wav:
                write_float_wav(wav, draft.sound.waveform)
                wav.seek(0)
                yield wav, MIX
        else:
            with file:
                yield file, draft.sound.channel

    def forget(self, collection: str, token: str) -> None:
        """Take a draft away at once; NotFoundError."""
        self._read(collection, token)
        self.folder.forget(token)

    def forget_recordings(self, collection: str, recordings: Sequence[Recording]) -> None:
        """Take away a collection's drafts of these recordings' files, whatever the channel, and of their sounds."""
        files, sounds = {one.sha256 for one in recordings}, {one.pcm_sha256 for one in recordings}
        for token in self.folder.tokens():
            with suppress(NotFoundError):
                draft = self._read(collection, token)
                if draft.sha256 in files or draft.sound.pcm_sha256 in sounds:
                    self.folder.forget(token)

    def _read(self, collection: str, token: str) -> Draft:
        try:
            draft = read_draft(self.folder.path(token))
        except FileNotFoundError:
            raise gone() from None
        if draft.collection != collection:
            raise gone()
        return draft


def part_of(sound: Sound, start_s: float, end_s: float) -> Sound:
    """A stretch of a sound, measured for itself; still of as many channels.

    Raises:
        QueryError: it is no stretch of the sound.
        TooShortError: there is too little of it.
        SilentError: nothing is heard in it.
    """
    if not 0 <= start_s < end_s <= sound.duration_s + 1 / SAMPLE_RATE_HZ:
        raise QueryError(
            f"{start_s:g} to {end_s:g} s is no stretch of the recording, which has {sound.duration_s:.3f} s: "
            "expected 0 <= start_s < end_s, and end_s no more than that"
        )
    first, last = round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ)
    if last - first < MIN_DURATION_S * SAMPLE_RATE_HZ:
        raise TooShortError(
            f"the stretch {start_s:g} to {end_s:g} s holds {end_s - start_s:.3f} s; expected at least "
            f"{MIN_DURATION_S} s to hear an emotion in"
        )
    if (first, last) == (0, len(sound.waveform)):
        return sound
    try:
        part, whole = from_samples(sound.waveform[first:last], SAMPLE_RATE_HZ), sound.quality
    except SilentError:
        raise SilentError(
            f"the stretch {start_s:g} to {end_s:g} s is silent: its peak is under -60 dB of full scale; choose another"
        ) from None
    quality = replace(part.quality, channels=whole.channels, codec=whole.codec, sample_rate_hz=whole.sample_rate_hz)
    return replace(part, channel=sound.channel, quality=quality)
