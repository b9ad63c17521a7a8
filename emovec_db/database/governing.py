"""What a collection forbids."""

from __future__ import annotations

from emovec_db.database.handle import Handle
from emovec_db.domain.classification import Deletion
from emovec_db.domain.policy import PolicyChange, Refusal
from emovec_db.domain.query import Page


class Governing(Handle):
    """Its policy, and what that keeps out."""

    def policy_changes(self) -> tuple[PolicyChange, ...]:
        """Who forbade and allowed what, oldest first."""
        with self._parts.store.read() as unit:
            return unit.policies.changes(unit.collections.get(self.name).collection_id)

    def refusals(self, *, cursor: str | None = None, limit: int = 50) -> Page[Refusal]:
        """Recordings that the policy keeps out, the newest first."""
        with self._parts.store.read() as unit:
            return unit.refusals.page(unit.collections.get(self.name).collection_id, cursor, limit)

    def forbid_role(
        self, role: str, *, reason: str = "", delete_existing: bool = False, by: str | None = None
    ) -> Deletion:
        """Never encode, store or play recordings of this role, from now on; says what was deleted for it.

        Recordings that nobody gave a role, and mixes of several channels, are refused from now on too. Drafts of them
        go at once; those on other machines at their next use.

        Raises:
            ConflictError: such recordings are stored, and `delete_existing` was not said.
        """
        stored = self._opened()
        deletion = self._parts.policies.forbid(stored, role, reason=reason, by=by, delete_existing=delete_existing)
        self._parts.drafts.hold(self.name, self.policy())
        return deletion

    def allow_role(self, role: str, *, reason: str, by: str | None = None) -> None:
        """Undo `forbid_role`; the reason and who it was stay in the policy's log.

        Raises:
            QueryError: no reason was given, or the role is not forbidden.
        """
        self._parts.policies.allow(self._stored(), role, reason=reason, by=by)
