"""Every error that emovec-db raises on purpose.

The tree; a class inherits HTTP status and CLI exit code from its parent::

    EmovecError                      500, exit 1
    ├── UserError                    400, exit 2: the request can be mended by whoever made it
    │   ├── SettingsError
    │   ├── QueryError
    │   ├── NotFoundError            404
    │   ├── ConflictError            409
    │   │   ├── EncoderMismatchError
    │   │   ├── RecipeMismatchError
    │   │   ├── SuppressedError      it was deleted before
    │   │   ├── GenerationReplacedError
    │   │   └── SchemaOutdatedError
    │   ├── TooLargeError            413
    │   ├── RecordingError           422: this recording can't be used; others can
    │   │   ├── BadRowError          a row of a manifest
    │   │   ├── UnreadableError      the bytes could not be read at all
    │   │   ├── UnreachableError     the bytes lie elsewhere, and can't be fetched now
    │   │   ├── NotAudioError
    │   │   ├── NoChannelError       the file has no such channel
    │   │   ├── TruncatedError
    │   │   ├── TooShortError
    │   │   ├── TooLongError
    │   │   ├── SilentError
    │   │   ├── NoSpeechError
    │   │   ├── NotFiniteError
    │   │   ├── DecoderCrashedError
    │   │   ├── DecodeTimeoutError
    │   │   ├── CrashedError
    │   │   └── MixedError
    │   ├── RefusedError             403: the collection's policy forbids it
    │   ├── OutsideError             403: a path leads out of the folder that it has to lie in
    │   ├── MissingPartError         501: an extra or a weights file is not installed
    │   ├── BadWeightsError
    │   ├── PrecisionError
    │   └── ParityError
    ├── JobCancelledError            409, exit 130: somebody stopped it
    ├── StoppedError                 409, exit 130: whoever runs it stopped it
    ├── BusyError                    503, with Retry-After
    │   └── UnavailableError         the database, or the broker, is away
    ├── DiskFullError                507
    └── IndexDamagedError           the index cannot be used; the database is untouched

A message says what came, what was expected and what to do.
"""

from __future__ import annotations

from typing import Any, ClassVar


class EmovecError(Exception):
    """Base of all errors raised on purpose; `code` is stable and machine-readable."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail: dict[str, Any] = detail


class UserError(EmovecError):
    """Raised when the caller asked for something that cannot be done as asked."""

    code = "bad_request"
    http_status = 400
    exit_code = 2


class SettingsError(UserError):
    """Raised when a setting is missing, malformed or unsafe."""

    code = "bad_settings"


class QueryError(UserError):
    """Raised when a search, filter or parameter makes no sense."""

    code = "bad_query"


class NotFoundError(UserError):
    """Raised when a collection, recording, utterance, customer or job does not exist."""

    code = "not_found"
    http_status = 404


class ConflictError(UserError):
    """Raised when the request contradicts what is stored."""

    code = "conflict"
    http_status = 409


class EncoderMismatchError(ConflictError):
    """Raised when embeddings of two encoders would meet in one collection."""

    code = "encoder_mismatch"


class RecipeMismatchError(ConflictError):
    """Raised when an ingest asks for another segmentation or cleaning than its collection was made with."""

    code = "recipe_mismatch"


class SuppressedError(ConflictError):
    """Raised when a recording was deleted from the collection and nobody lifted that."""

    code = "suppressed"


class GenerationReplacedError(ConflictError):
    """Raised when something would enter a generation that its collection does not serve from any more."""

    code = "generation_replaced"


class SchemaOutdatedError(ConflictError):
    """Raised when the database was written by another version of the schema."""

    code = "schema_outdated"


class TooLargeError(UserError):
    """Raised when an upload has more bytes than the limit."""

    code = "too_large"
    http_status = 413


class RecordingError(UserError):
    """Raised when one recording can't be used; says nothing about the others."""

    code = "bad_recording"
    http_status = 422


class BadRowError(RecordingError):
    """Raised when a row of a manifest makes no sense; says which, and says nothing about the others."""

    code = "bad_row"


class UnreadableError(RecordingError):
    """Raised when a file is missing, forbidden, a directory, or its medium fails."""

    code = "unreadable"


class UnreachableError(RecordingError):
    """Raised when a recording that lies elsewhere can't be fetched now: the network or the server fails."""

    code = "unreachable"


class NotAudioError(RecordingError):
    """Raised when the bytes hold no sound that can be decoded."""

    code = "not_audio"


class NoChannelError(RecordingError):
    """Raised when a file lacks a channel that it is asked for."""

    code = "no_channel"


class TruncatedError(RecordingError):
    """Raised when a file ends before the sound that its header promises."""

    code = "truncated"


class TooShortError(RecordingError):
    """Raised when there is too little sound to hear an emotion in it."""

    code = "too_short"


class TooLongError(RecordingError):
    """Raised when the decoded sound exceeds the limit, however small the file."""

    code = "too_long"


class SilentError(RecordingError):
    """Raised when nothing is heard: scores of silence would look ordinary and mean nothing."""

    code = "silent"


class NoSpeechError(RecordingError):
    """Raised when a recording is to be cut at pauses and no speech is heard in it; short ones stay whole instead."""

    code = "no_speech"


class NotFiniteError(RecordingError):
    """Raised when samples are NaN or infinite."""

    code = "not_finite"


class DecoderCrashedError(RecordingError):
    """Raised when the process that decoded a file broke on it; others take the next files."""

    code = "decoder_crashed"


class DecodeTimeoutError(RecordingError):
    """Raised when decoding a file took longer than its size and length allow."""

    code = "decode_timeout"


class CrashedError(RecordingError):
    """Raised when every worker that had the recording in hand failed or died, so that it is set aside."""

    code = "crashed"


class MixedError(RecordingError):
    """Raised when a file's channels would be mixed and must not be."""

    code = "mixed"


class RefusedError(UserError):
    """Raised when the collection's policy forbids what was asked."""

    code = "refused"
    http_status = 403


class OutsideError(UserError):
    """Raised when a path leads out of the folder that it has to lie in, or there is no such folder."""

    code = "outside"
    http_status = 403


class MissingPartError(UserError):
    """Raised when an optional extra or a weights file is not installed; names the command that mends it."""

    code = "missing_part"
    http_status = 501


class BadWeightsError(UserError):
    """Raised when a model directory is damaged or of an unknown architecture."""

    code = "bad_weights"


class PrecisionError(UserError):
    """Raised when an encoder can't compute at the precision that was asked for."""

    code = "precision"


class ParityError(UserError):
    """Raised when a variant of an encoder is further from FunASR's numbers than it may be; `detail` has the figures."""

    code = "parity"


class JobCancelledError(EmovecError):
    """Raised when somebody cancelled the job whose work this is."""

    code = "cancelled"
    http_status = 409
    exit_code = 130


class StoppedError(EmovecError):
    """Raised when work was asked to stop before it was done; the same again goes on from there."""

    code = "interrupted"
    http_status = 409
    exit_code = 130


class DiskFullError(EmovecError):
    """Raised when nothing more can be written; nothing is lost, and the same again goes on once there is room."""

    code = "disk_full"
    http_status = 507


class BusyError(EmovecError):
    """Raised when the service has more work than it can hold; try again after `retry_after_s`."""

    code = "busy"
    http_status = 503

    def __init__(self, message: str, *, retry_after_s: int = 1, **detail: Any) -> None:
        super().__init__(message, retry_after_s=retry_after_s, **detail)
        self.retry_after_s = retry_after_s


class UnavailableError(BusyError):
    """Raised when the database can't be reached, or was lost in the middle: it is being started again, or is down.

    So is a broker.
    """

    code = "unavailable"


class IndexDamagedError(EmovecError):
    """Raised when an index cannot be used; the database is untouched and `emovec reindex` rebuilds it."""

    code = "index_damaged"
