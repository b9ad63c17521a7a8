"""The decoder process: decodes one file after the other, on behalf of the parent at its standard input."""

from __future__ import annotations

import os
import select
import socket
import threading

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio.channels import picks_of
from emovec_db.audio.decoders.confinement import MEMORY_BYTES, confine
from emovec_db.audio.decoders.messages import (
    PACKET_BYTES,
    Request,
    crashed,
    failed_packet,
    heard_packet,
    ready_packet,
    sample_packets,
)
from emovec_db.audio.listening import listen
from emovec_db.audio.source import reading
from emovec_db.errors import RecordingError


def main() -> None:
    """Serve until the parent is gone."""
    # now, since nothing can be loaded once the process is confined
    import av.subtitles.stream  # noqa: F401 - PyAV loads it with the first container
    import soxr  # noqa: F401

    parent = socket.socket(fileno=0)
    threading.Thread(target=_end_with, args=(parent,), name="lifeline", daemon=True).start()
    _silence()
    confine()
    parent.send(ready_packet())
    while True:
        packet, file_numbers, _, _ = socket.recv_fds(parent, PACKET_BYTES, 1)
        if not packet:
            return
        parent.send(_answer(parent, Request.unpack(packet), file_numbers[0]))


def _answer(parent: socket.socket, request: Request, file_number: int) -> bytes:
    """Send the samples as they come; the packet that ends them."""

    def send(place: int, samples: NDArray[np.float32]) -> None:
        for packet in sample_packets(place, samples):
            parent.send(packet)

    try:
        os.lseek(file_number, 0, os.SEEK_SET)
        with reading(request.shown, file_number) as source:
            picks = picks_of(request.channels, may_mix=request.may_mix)
            return heard_packet(listen(source, picks, request.max_duration_s, send))
    except RecordingError as error:
        return failed_packet(error)
    except MemoryError:
        return failed_packet(crashed(request.shown, f"it takes more than {MEMORY_BYTES >> 20} MiB of memory"))
    except Exception as error:
        return failed_packet(crashed(request.shown, f"it leads to {type(error).__name__}"))
    finally:
        os.close(file_number)


def _silence() -> None:
    """What libraries print about damaged files is nobody's concern."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _end_with(parent: socket.socket) -> None:
    """End when the parent's side of the socket is closed, which the kernel sees to however the parent ended."""
    lifeline = select.poll()
    lifeline.register(parent, 0)
    lifeline.poll()
    os._exit(1)


if __name__ == "__main__":
    main()
