"""What collections forbid, read from the log of who forbade and allowed what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select

from emovec_db.domain.policy import Policy, PolicyChange
from emovec_db.domain.sound import MIX
from emovec_db.errors import RefusedError
from emovec_db.store.statements import Query
from emovec_db.store.tables import PolicyChangeRow, RecordingRow


class Policies:
    """The policies of one database, within one transaction.

    There is no other record of a policy than its log: the newest entry of a role says whether it is forbidden.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, collection_id: int) -> Policy:
        """What the collection forbids now."""
        forbidden = self._connection.scalars(_FORBIDDEN, {"collection_id": collection_id})
        return Policy(forbidden_roles=tuple(sorted(forbidden)))

    def log(self, collection_id: int, change: PolicyChange) -> None:
        """Forbid a role or allow it again; the caller holds the collection's lock."""
        statement = insert(PolicyChangeRow).values(
            collection_id=collection_id,
            role=change.role,
            forbidden=change.forbidden,
            reason=change.reason,
            changed_by=change.by,
            deleted=change.deleted,
            changed_at=change.changed_at,
        )
        self._connection.execute(statement)

    def changes(self, collection_id: int) -> tuple[PolicyChange, ...]:
        """The whole log, oldest first."""
        statement = select(PolicyChangeRow).where(PolicyChangeRow.collection_id == collection_id)
        found = self._connection.execute(statement.order_by(PolicyChangeRow.policy_change_id))
        return tuple(_change_from(row) for row in found)

    def kept_out(self, collection_id: int, policy: Policy) -> tuple[int, ...]:
        """Ids of stored recordings that `policy` would not let in, ascending."""
        if not policy.in_force:
            return ()
        statement = select(RecordingRow.recording_id).where(
            RecordingRow.collection_id == collection_id, _refused(policy)
        )
        return tuple(self._connection.scalars(statement.order_by(RecordingRow.recording_id)))

    def enforce(self, collection_id: int, role: str | None, *, mixed: bool) -> None:
        """The last line: raise RefusedError rather than let the collection hold such a recording."""
        reason = self.of(collection_id).refusal(role, mixed=mixed)
        if reason is not None:
            raise RefusedError(f"a recording can't be stored: {reason}")

    def enforce_stored(self, recording_id: int) -> None:
        """The same for what is about to be added to a stored recording."""
        of_recording = select(RecordingRow).where(RecordingRow.recording_id == recording_id)
        row = self._connection.execute(of_recording).one()
        self.enforce(row.collection_id, row.role, mixed=row.channel == MIX and row.channels > 1)


def _forbidden() -> Query:
    newest = (
        select(func.max(PolicyChangeRow.policy_change_id))
        .where(PolicyChangeRow.collection_id == bindparam("collection_id"))
        .group_by(PolicyChangeRow.role)
    )
    return select(PolicyChangeRow.role).where(PolicyChangeRow.policy_change_id.in_(newest), PolicyChangeRow.forbidden)


def _refused(policy: Policy) -> ColumnElement[bool]:
    """`Policy.refusal` in SQL."""
    return or_(
        RecordingRow.role.is_(None),
        RecordingRow.role.in_(policy.forbidden_roles),
        and_(RecordingRow.channel == MIX, RecordingRow.channels > 1),
    )


def _change_from(row: Any) -> PolicyChange:
    return PolicyChange(
        role=row.role,
        forbidden=row.forbidden,
        reason=row.reason,
        by=row.changed_by,
        deleted=row.deleted,
        changed_at=row.changed_at,
    )


# asked for every recording that is stored: built once
_FORBIDDEN = _forbidden()
