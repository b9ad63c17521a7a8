"""Forbidding roles in a collection, and allowing them again."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.classification import Deletion
from emovec_db.domain.collection import Collection
from emovec_db.domain.policy import Policy, PolicyChange
from emovec_db.domain.recording import ROLES, Recording
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import ConflictError, NotFoundError, QueryError
from emovec_db.services.deletion import Eraser
from emovec_db.services.gate import NO_POLICY
from emovec_db.services.playback import is_kept_alone, keep_alone, stored_sound
from emovec_db.sources.places import Places
from emovec_db.store.store import Store, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Changes collections' policies; every change is logged with its reason and who made it."""

    store: Store
    blobs: Blobs
    decoders: DecoderPool
    places: Places
    eraser: Eraser
    limits: SoundLimits

    def forbid(
        self, collection: Collection, role: str, *, reason: str, by: str | None, delete_existing: bool
    ) -> Deletion:
        """Forbid a role; recordings that the policy then keeps out are deleted if the caller says so.

        Raises:
            QueryError: no such role.
            ConflictError: such recordings are stored and may not be deleted; says how many. Nothing is changed.
        """
        _check_role(role)
        with self.store.read() as unit:
            before = unit.policies.of(collection.collection_id)
            if role in before.forbidden_roles and not delete_existing:
                return Deletion(recordings=0, utterances=0, blobs=0)
            _kept_out(unit, collection, _with(before, role), role, may_delete=delete_existing)
        while (deletion := self._try_to_forbid(collection, role, reason, by, delete_existing)) is None:
            pass
        return deletion

    def _try_to_forbid(
        self, collection: Collection, role: str, reason: str, by: str | None, delete_existing: bool
    ) -> Deletion | None:
        """None: an upload was stored meanwhile."""
        # before, not after: once a role is forbidden, no stored file holds its voice
        self._part_uploads(collection, role)
        with self.store.write() as unit:
            unit.collections.lock(collection.collection_id)
            before = unit.policies.of(collection.collection_id)
            policy = _with(before, role)
            kept_out = _kept_out(unit, collection, policy, role, may_delete=delete_existing)
            if _unparted(unit, collection, policy):
                return None
            recordings = [unit.recordings.get(collection.collection_id, one) for one in kept_out]
            utterances = sum(len(unit.utterances.of_recording(collection, one)) for one in kept_out)
            orphaned = unit.recordings.delete(collection, kept_out)
            if kept_out or policy != before:
                change = _change(role, forbidden=True, reason=reason, by=by, deleted=len(kept_out))
                unit.policies.log(collection.collection_id, change)
        if recordings:
            self.eraser.sweep(collection, recordings, orphaned)
        return Deletion(recordings=len(recordings), utterances=utterances, blobs=len(orphaned))

    def allow(self, collection: Collection, role: str, *, reason: str, by: str | None) -> None:
        """Allow a forbidden role again; what was refused comes in with the next ingest.

        Raises:
            QueryError: no reason, no such role, or it is not forbidden.
        """
        _check_role(role)
        if not reason.strip():
            raise QueryError(f"a reason is needed to allow role {role} again: it is kept in the policy's log")
        with self.store.write() as unit:
            unit.collections.lock(collection.collection_id)
            if role not in unit.policies.of(collection.collection_id).forbidden_roles:
                raise QueryError(f"role {role} is not forbidden in collection {collection.name!r}")
            change = _change(role, forbidden=False, reason=reason, by=by, deleted=0)
            unit.policies.log(collection.collection_id, change)

    def _part_uploads(self, collection: Collection, role: str) -> None:
        """Of uploads that stay, keep what was encoded instead of the file: another channel may be the forbidden one."""
        with self.store.read() as unit:
            policy = _with(unit.policies.of(collection.collection_id), role)
            unparted = _unparted(unit, collection, policy)
        for recording in unparted:
            alone = self._parted(recording)
            with self.store.write() as unit:
                unit.recordings.move_blob(recording.recording_id, alone)
                in_use = unit.recordings.blob_in_use(recording.blob_key or "")
            if recording.blob_key is not None and not in_use:
                self.blobs.delete(recording.blob_key)

    def _parted(self, recording: Recording) -> str | None:
        """Key of the recording's own sound; None: its upload is gone already."""
        try:
            # an upload is never decoded from elsewhere, so there are no sources to look at
            sound = stored_sound(self.blobs, self.decoders, self.places, NO_POLICY, recording, {}, self.limits)
        except NotFoundError:
            return None
        return keep_alone(self.blobs, recording.sha256, sound)


def _kept_out(unit: Unit, collection: Collection, policy: Policy, role: str, *, may_delete: bool) -> tuple[int, ...]:
    """Stored recordings that the policy would not let in. Raises ConflictError where they may not be deleted."""
    kept_out = unit.policies.kept_out(collection.collection_id, policy)
    if kept_out and not may_delete:
        raise ConflictError(_stored_already(collection, role, len(kept_out)), recordings=len(kept_out))
    return kept_out


def _unparted(unit: Unit, collection: Collection, policy: Policy) -> list[Recording]:
    """Stored uploads that the policy lets in, but whose whole file is kept."""
    kept_out = {*unit.policies.kept_out(collection.collection_id, policy)}
    uploads = [
        unit.recordings.get(collection.collection_id, one)
        for one, _ in unit.recordings.blob_keys(collection.collection_id)
        if one not in kept_out
    ]
    return [recording for recording in uploads if not is_kept_alone(recording)]


def _with(policy: Policy, role: str) -> Policy:
    return replace(policy, forbidden_roles=tuple(sorted({*policy.forbidden_roles, role})))


def _change(role: str, *, forbidden: bool, reason: str, by: str | None, deleted: int) -> PolicyChange:
    return PolicyChange(
        role=role,
        forbidden=forbidden,
        reason=reason,
        by=by or operator(),
        deleted=deleted,
        changed_at=datetime.now(UTC),
    )


def operator() -> str:
    """Who runs this process, for example ``ana@archive-1``."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such user on this system, as in containers
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise QueryError(f"role is {role!r}: expected one of {', '.join(ROLES)}")


def _stored_already(collection: Collection, role: str, recordings: int) -> str:
    return (
        f"forbidding role {role} would delete {recordings} recording{'s' * (recordings != 1)} from collection "
        f"{collection.name!r}: those of a forbidden role, of no stated role, and mixes of several channels. State "
        "their roles first by ingesting them again, or say that they are to be deleted (--delete-existing)"
    )
