"""Object storage on the loopback: S3 by moto, Google's by its emulator."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

BUCKET = "calls"


@dataclass(frozen=True)
class ObjectStorage:
    """A running server with one bucket."""

    scheme: str
    #: what the libraries look for
    environment: dict[str, str]
    put: Callable[[str, bytes], Any]

    def address(self, key: str) -> str:
        return f"{self.scheme}://{BUCKET}/{key}"


@contextmanager
def s3_storage() -> Iterator[ObjectStorage]:
    """moto's server, in a thread."""
    import botocore.session
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "s3cr3t-key", "region_name": "us-east-1"}
    environment = {name.upper(): value for name, value in keys.items() if name != "region_name"}
    environment |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    client = botocore.session.Session().create_client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], **keys)
    client.create_bucket(Bucket=BUCKET)
    try:
        yield ObjectStorage("s3", environment, lambda key, body: client.put_object(Bucket=BUCKET, Key=key, Body=body))
    finally:
        client.close()
        server.stop()


@contextmanager
def google_storage() -> Iterator[ObjectStorage]:
    """The emulator, in a process of its own: it is loud about connections that end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--host=127.0.0.1", f"--port={port}", "--in-memory", f"--default-bucket={BUCKET}")
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def put(key: str, body: bytes) -> None:
        path = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={quote(key, safe='')}"
        request = urllib.request.Request(url + path, body, {"Content-Type": "audio/wav"}, method="POST")
        urllib.request.urlopen(request).close()

    try:
        _wait_for(port)
        yield ObjectStorage("gs", {"STORAGE_EMULATOR_HOST": url}, put)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the emulator does not answer")
