"""A web server on the loopback that serves what a test gives it, and misbehaves where it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Page:
    """What lies at one path, and how it is given."""

    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT"})
    #: answered instead, one by one, before the body is
    statuses: list[int] = field(default_factory=list)
    #: bytes after which the connection is closed, for as many requests as `cut_times`
    cut: int | None = None
    cut_times: int = 1_000
    #: without a length, and over and over again
    endless: bool = False
    #: seconds between parts of 100 bytes
    drip_s: float = 0.0


@dataclass
class WebServer:
    """A running server."""

    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    #: methods and paths with their queries, in the order of the requests
    requests: list[tuple[str, str]] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def put(self, path: str, body: bytes, **how: Any) -> str:
        """Serve it; its address."""
        self.pages[path] = Page(body, **how)
        return f"{self.address}{path}"

    def asked(self, method: str) -> list[str]:
        return [path for asked, path in self.requests if asked == method]


@contextmanager
def web_server() -> Iterator[WebServer]:
    """A server until the context ends."""
    server: WebServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _answer(self, *, with_body: bool) -> None:
            server.requests.append((self.command, self.path))
            page = server.pages.get(self.path.partition("?")[0])
            status = 404 if page is None else page.statuses.pop(0) if page.statuses else 200
            if page is None or status != 200:
                self.send_response(status)
                for name, value in (page.headers if page else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if page.endless:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if with_body:
                with suppress(ConnectionError):
                    self._send(page)

        def _send(self, page: Page) -> None:
            body = page.body
            if page.endless:
                while not server.ending.is_set():
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
            if page.cut is not None and page.cut_times > 0:
                page.cut_times -= 1
                body = body[: page.cut]
                self.close_connection = True
            if not page.drip_s:
                self.wfile.write(body)
            for start in range(0, len(body), 100) if page.drip_s else ():
                self.wfile.write(body[start : start + 100])
                if server.ending.wait(page.drip_s):
                    return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        server = WebServer(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            http.shutdown()
            thread.join()
