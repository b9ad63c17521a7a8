"""Details of a recording from its path: ``{customer}/{recorded_at:%Y-%m-%d}_*.wav``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from emovec_db.domain.calendar import in_utc, recording_time
from emovec_db.domain.recording import Details
from emovec_db.errors import QueryError

_TOKEN = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?P<format>[^{}]+))?\}|(?P<stars>\*\*/?|\*)|(?P<one>\?)")
_KNOWN = ("customer", "speaker", "role", "recorded_at")
_DEFAULT_TIME_FORMAT = "%Y-%m-%d"

#: regular expression of what each strptime directive writes, so that neighbours can't eat its digits
_DIRECTIVES = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{2}", "d": r"\d{2}", "H": r"\d{2}", "I": r"\d{2}", "M": r"\d{2}",
    "S": r"\d{2}", "j": r"\d{3}", "f": r"\d{1,6}", "p": r"[AaPp][Mm]", "b": r"[A-Za-z]{3}", "B": r"[A-Za-z]+",
    "a": r"[A-Za-z]{3}", "A": r"[A-Za-z]+", "z": r"(?:Z|[+-]\d{2}:?\d{2})", "%": "%",
}  # fmt: skip


@dataclass(frozen=True)
class PathPattern:
    """A compiled pattern; matches the path below the archive's root, with ``/`` between folders.

    ``{customer}``, ``{speaker}``, ``{role}`` and ``{recorded_at:FORMAT}`` (strptime) fill the details, any other
    ``{name}`` becomes metadata; ``*`` and ``?`` match within one folder name, ``**`` across folders.
    """

    regex: re.Pattern[str]
    time_format: str
    zone: tzinfo

    @classmethod
    def parse(cls, text: str, zone: tzinfo) -> PathPattern:
        """Compile `text`; times without a zone are `zone`'s.

        Raises:
            QueryError: braces, names or time directives that are not understood.
        """
        regex, formats = _compile(text)
        return cls(regex, formats.get("recorded_at", _DEFAULT_TIME_FORMAT), zone)

    def match(self, relative_path: str) -> Details | None:
        """Details from the path, or None where it does not match (or holds an impossible date)."""
        found = self.regex.fullmatch(relative_path)
        if found is None:
            return None
        fields = found.groupdict()
        recorded_at = None
        if "recorded_at" in fields:
            try:
                recorded_at = _parse_time(fields["recorded_at"], self.time_format, self.zone)
            except (ValueError, QueryError):
                return None
        return Details(
            customer=fields.get("customer"),
            speaker=fields.get("speaker"),
            role=fields.get("role"),
            recorded_at=recorded_at,
            metadata={name: value for name, value in fields.items() if name not in _KNOWN},
        )


def _compile(text: str) -> tuple[re.Pattern[str], dict[str, str]]:
    parts: list[str] = []
    formats: dict[str, str] = {}
    position = 0
    for token in _TOKEN.finditer(text):
        parts.append(_literal(text, position, token.start()))
        parts.append(_token_regex(token, text, formats))
        position = token.end()
    parts.append(_literal(text, position, len(text)))
    return re.compile("".join(parts)), formats


def _literal(text: str, start: int, end: int) -> str:
    if "{" in text[start:end] or "}" in text[start:end]:
        raise QueryError(f"pattern {text!r}: expected {{name}} or {{recorded_at:%Y-%m-%d}} between braces")
    return re.escape(text[start:end])


def _token_regex(token: re.Match[str], text: str, formats: dict[str, str]) -> str:
    if token["stars"]:
        return {"*": "[^/]*", "**": ".*", "**/": "(?:.*/)?"}[token["stars"]]
    if token["one"]:
        return "[^/]"
    name = token["name"]
    if name in formats:
        raise QueryError(f"pattern {text!r} names {{{name}}} twice: each name may stand once")
    if token["format"] and name != "recorded_at":
        raise QueryError(f"pattern {text!r}: only recorded_at takes a format, not {name}")
    formats[name] = token["format"] or _DEFAULT_TIME_FORMAT
    return f"(?P<{name}>{_time_regex(formats[name], text) if name == 'recorded_at' else '[^/]+?'})"


def _time_regex(time_format: str, text: str) -> str:
    pieces = re.split(r"(%.)", time_format)
    regex = ""
    for piece in pieces:
        if not piece.startswith("%"):
            regex += re.escape(piece)
        elif piece[1:] in _DIRECTIVES:
            regex += _DIRECTIVES[piece[1:]]
        else:
            known = " ".join(f"%{letter}" for letter in _DIRECTIVES)
            raise QueryError(f"pattern {text!r}: {piece!r} is not understood, expected one of {known}")
    return regex


def _parse_time(text: str, time_format: str, zone: tzinfo) -> datetime:
    return recording_time(datetime.strptime(text, time_format), zone)


def parse_time(text: str, zone: tzinfo) -> datetime:
    """An ISO 8601 date or time as UTC; without a zone it is `zone`'s.

    Raises:
        QueryError: the text is no ISO 8601 date or time, or one that no calendar has in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryError(f"{text!r} is no time: expected ISO 8601 such as 2026-03-01 or 2026-03-01T14:30") from error
    return in_utc(moment, zone)
