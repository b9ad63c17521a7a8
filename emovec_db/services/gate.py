"""What every path to a recording's sound or scores asks first: whether the collection's policy lets it in.

`Policy.refusal` is the rule, and the store enforces it on all that is written. This module holds it where sound is
decoded, so that what may not be stored is not encoded or played either.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.policy import MIXED, Policy
from emovec_db.domain.recording import Recording
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.errors import MixedError, RefusedError

#: for sound that belongs to no collection
NO_POLICY = Policy()


def limits_under(policy: Policy, limits: SoundLimits) -> SoundLimits:
    """Under a policy the channels of a file are never mixed: decoding stops where it would begin to."""
    return replace(limits, may_mix=limits.may_mix and not policy.in_force)


def admitted_sound(
    decoders: DecoderPool,
    policy: Policy,
    recording: str | Path | Sound,
    limits: SoundLimits,
    *,
    role: str | None = None,
    channel: str = MIX,
) -> Sound:
    """One channel of a file, or the sound itself, that somebody wants encoded.

    Raises:
        RefusedError: the policy forbids its role, or nobody said whose voice it is.
        RecordingError: the recording can't be used; says why.
    """
    if isinstance(recording, Sound):
        check(policy, role, mixed=recording.is_mixed)
        return recording
    check(policy, role)
    try:
        return decoders.decode(Path(recording), channels=(channel,), limits=limits_under(policy, limits))[0]
    except MixedError as error:
        raise RefusedError(f"the recording is refused: {MIXED}") from error


def check_stored(policy: Policy, recording: Recording) -> None:
    """For whatever is about to decode, encode or play a stored recording.

    Raises:
        RefusedError: the policy forbids it.
    """
    check(policy, recording.details.role, mixed=recording.is_mixed)


def check(policy: Policy, role: str | None, *, mixed: bool = False) -> None:
    """Raise RefusedError with the policy's reason, if it has one."""
    reason = policy.refusal(role, mixed=mixed)
    if reason is not None:
        raise RefusedError(f"the recording is refused: {reason}")
