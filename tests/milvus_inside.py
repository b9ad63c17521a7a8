"""Run a Milvus server in the network namespace of this process, and serve it at a Unix socket.

    unshare --net python -m tests.milvus_inside FOLDER

It ends with its standard input, so that tests that were killed leave no server behind, and leads a process group.

Milvus listens on every interface, whatever `ip` its configuration names; here there is none but loopback. A Unix
socket is a file, so that it is reached from outside the namespace by those who may open the folder.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import struct
import sys
from pathlib import Path
from threading import Thread

SOCKET = "milvus.sock"
#: from <linux/sockios.h> and <linux/if.h>
SET_FLAGS, UP = 0x8914, 0x1
PART_BYTES = 65536


def switch_loopback_on() -> None:
    """As `ip link set lo up`: in a new namespace it is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))


def forward(listening: socket.socket, port: int) -> None:
    """Connect each client to the port, for as long as the process lives."""
    while True:
        client, _ = listening.accept()
        server = socket.create_connection(("127.0.0.1", port))
        for source, sink in ((client, server), (server, client)):
            Thread(target=copy, args=(source, sink), daemon=True).start()


def copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(PART_BYTES):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # the other side hung up
        source.close()
        sink.close()


def end_with_input() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def main(folder: Path) -> None:
    from milvus import MilvusServer, MilvusServerConfig

    Thread(target=end_with_input, daemon=True).start()
    switch_loopback_on()
    server = MilvusServer(MilvusServerConfig(data_dir=str(folder)))
    server.start()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / SOCKET))
        listening.listen()
        forward(listening, server.listen_port)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
