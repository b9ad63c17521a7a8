"""What went wrong, in plain words of the reader's language: by its code. The server's own words are for details."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, make_response, render_template
from werkzeug.exceptions import HTTPException

from emovec_db.api.errors import UnauthorizedError, answer, described
from emovec_db.api.pages.language import gettext, later
from emovec_db.api.security.access import wants_page
from emovec_db.errors import EmovecError, NotFoundError

#: by code what happened and what to do
EXPLANATIONS: dict[str, str] = {
    "bad_query": later("What was chosen or typed does not fit. Change it and try again."),
    "bad_request": later("The request can't be read. Load the page again and retry."),
    "bad_recording": later("This recording can't be used. Try another file."),
    "busy": later("Too many requests wait for their turn. Try again in a few seconds."),
    "cancelled": later("This was cancelled."),
    "channels_kept": later(
        "The channels of this file are stored each for itself, so their mix was left out and what was said of it not "
        "taken. To change what is known of the channels, send the file again with left and right apart."
    ),
    "conflict": later("This does not go together with what is stored. Load the page again to see how things stand."),
    "cross_site": later("The request came from another site's page. Use this server's own pages."),
    "crashed": later("Reading this recording broke the program several times, so it is left out."),
    "decode_timeout": later("Decoding this file takes too long. It may be damaged: convert it to WAV and try again."),
    "decoder_crashed": later("This file crashes the decoder. It is damaged: convert it to WAV and try again."),
    "details_changed": later("What was known of it was changed to what was said now."),
    "details_kept": later(
        "It came from elsewhere before, so what was said of it now was not taken. To change what is known of it, send "
        "it once more under the same name."
    ),
    "disk_full": later("The server's disk is full. Nothing was lost; make room and try again."),
    "encoder_mismatch": later("The collection was made by another encoder than the one that is set."),
    "forbidden": later("This is not allowed."),
    "generation_replaced": later("The collection got another encoder meanwhile. Try again."),
    "index_damaged": later("The search index is damaged. Run: emovec reindex"),
    "internal": later("The server failed. Its log has the reason."),
    "interrupted": later("This was interrupted. Start it again: what is stored is passed over."),
    "invalid": later("A field is missing or out of range."),
    "misdirected": later("The server does not answer to the name in the address."),
    "missing_part": later("A part that this needs is not installed on the server."),
    "mixed": later("The file holds several channels, and the collection's rules forbid mixing them. Name the channel."),
    "network": later("The server can't be reached. Check that it runs, and try again."),
    "no_channel": later("The file has no such channel."),
    "no_speech": later("No speech was found in this recording."),
    "not_audio": later("This file holds no sound that can be read. Use a recording: wav, mp3, m4a, flac, ogg, webm …"),
    "not_finite": later("This file holds samples that are no numbers. It is damaged."),
    "not_found": later("There is nothing at this address, or it was deleted."),
    "outside": later("The path leads out of the folder that the server may read from."),
    "recipe_mismatch": later("The collection treats sound in another way than was asked for."),
    "refused": later(
        "The collection's rules keep this recording out. Say whose voice it is (role), if it may be kept."
    ),
    "schema_outdated": later("The database is of another version of the program. Run: emovec migrate"),
    "silent": later("This recording is silent. Check the microphone or the file."),
    "suppressed": later("This recording was deleted from the collection before, and stays out."),
    "too_large": later(
        "The file is larger than this server accepts. Send a shorter recording, or the same as mp3, m4a or ogg."
    ),
    "too_long": later("The recording is longer than this server accepts. Send a part of it."),
    "too_short": later("The recording is too short to hear an emotion in it."),
    "truncated": later("The file is cut short. Copy or export it again."),
    "unauthorized": later("You are signed out. Sign in again."),
    "unavailable": later("The database does not answer. Try again in a moment."),
    "unreachable": later("The file's server can't be reached."),
    "unreadable": later("The file can't be read."),
}


def explanations() -> dict[str, str]:
    """By code, for scripts."""
    return {code: gettext(message) for code, message in EXPLANATIONS.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """A failure as a page tells of it where it happened."""

    #: in the reader's language
    explanation: str
    #: the server's own words, which say more: the field, the value, the setting
    message: str


def told(error: EmovecError, not_found: str = "") -> Told:
    """What the reader is told of a failure; a page may have words of its own for what isn't found."""
    is_missing = not_found and isinstance(error, NotFoundError)
    return Told(not_found if is_missing else explain(error.code, error.message), error.message)


def explain(code: str, message: str) -> str:
    """What a failure means to the reader; `message` is the server's, for codes that nobody explained."""
    known = EXPLANATIONS.get(code)
    return message if known is None else gettext(known)


def remark(code: str, message: str) -> str:
    """The same as a sentence of its own, of what is no failure."""
    text = explain(code, message)
    return text[:1].upper() + text[1:]


def show_problems(pages: Blueprint) -> None:
    """Answer the failures of `pages` with a page."""
    pages.register_error_handler(Exception, problem_page)


def problem_page(error: Exception) -> Response:
    """The page that says what went wrong and what to do; programs get what they get everywhere."""
    if not wants_page() or (isinstance(error, HTTPException) and error.code is None):
        return answer(error)
    problem = described(error)
    needs_key = problem.code == UnauthorizedError.code
    # where there is no key nobody can sign in: the server's words say what the operator has to do
    can_sign_in = needs_key and current_app.extensions["emovec_db_access"].asks_for_key
    page = render_template(
        "problem.html",
        explanation=problem.message if needs_key and not can_sign_in else explain(problem.code, problem.message),
        message=problem.message,
        signed_out=can_sign_in,
    )
    return make_response(page, problem.status, problem.headers)
