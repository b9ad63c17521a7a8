"""A decoder process that breaks where a file tells it to: ``python -m tests.broken_decoders``.

Confined and connected as the real one. A file that begins with one of these words makes it do so, any other is decoded.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from emovec_db.audio.channels import Pick
from emovec_db.audio.decoders import __main__ as decoder
from emovec_db.audio.decoders.messages import Request
from emovec_db.audio.listening import Heard
from emovec_db.audio.source import Source
from emovec_db.errors import NotAudioError

COMMAND: Final = (sys.executable, "-P", "-m", "tests.broken_decoders")

CRASH: Final = b"crash"
EXIT: Final = b"exit"
HANG: Final = b"hang"
SWALLOW: Final = b"swallow memory"
STUMBLE: Final = b"stumble"
#: tell in the message of an error what can still be done
REACH: Final = b"reach out"
#: the packets to answer with follow in hexadecimal, one a line
SAY: Final = b"say"

_listen, _answer = decoder.listen, decoder._answer


def listen(source: Source, picks: Sequence[Pick], max_duration_s: float, take: Any) -> Heard:
    word = source.peek(0, 32).partition(b"\n")[0]
    if word == CRASH:
        ctypes.string_at(0)
    if word == EXIT:
        os._exit(7)
    if word == HANG:
        time.sleep(1e6)
    if word == SWALLOW:
        bytearray(1 << 32)
    if word == STUMBLE:
        raise ZeroDivisionError
    if word == REACH:
        raise NotAudioError(json.dumps(reach()))
    return _listen(source, picks, max_duration_s, take)


def reach() -> dict[str, str | None]:
    attempts = {
        "read": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "write": lambda: os.open("/tmp/emovec-broken-decoder", os.O_CREAT | os.O_WRONLY),
        "connect": lambda: socket.socket().connect(("127.0.0.1", 9)),
    }
    found = {name: _error(attempt) for name, attempt in attempts.items()}
    os.close(1)  # as code that took the process over would, to get round the limit of open files
    return found | {f"{name} all the same": _error(attempt) for name, attempt in attempts.items()}


def _error(attempt: Any) -> str | None:
    try:
        attempt()
    except OSError as error:
        return type(error).__name__ if error.errno != 24 else "EMFILE"
    return None


def answer(parent: socket.socket, request: Request, file_number: int) -> bytes:
    lines = os.pread(file_number, 10_000_000, 0).split()
    if lines[0] != SAY:
        return _answer(parent, request, file_number)
    os.close(file_number)
    *packets, last = [bytes.fromhex(line.decode()) for line in lines[1:]]
    for packet in packets:
        parent.send(packet)
    return last


if __name__ == "__main__":
    decoder.listen = listen  # type: ignore[assignment]
    decoder._answer = answer
    decoder.main()
