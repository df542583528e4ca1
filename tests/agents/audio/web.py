"""A web server of our own that answers as PBXs, their proxies and broken ones do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit


class _Answer(BaseHTTPRequestHandler):
    """``/500/x`` answers with that status, ``/broken/NAME`` stops halfway, ``/get-only/NAME`` knows no HEAD."""

    files: dict[str, bytes]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        _, *folders, name = PurePosixPath(urlsplit(self.path).path).parts
        kind = folders[0] if folders else ""
        if kind.isdigit():
            return self.send_error(int(kind))
        if name not in self.files:
            return self.send_error(404)
        if kind == "get-only" and not with_body:
            return self.send_error(403)
        content = self.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_body:
            self.wfile.write(content[: len(content) // 2] if kind == "broken" else content)
        return None

    def log_message(self, *_arguments: Any) -> None:
        """The tests say what went wrong."""


@contextmanager
def web_server(files: dict[str, bytes]) -> Iterator[str]:
    """Serve files by their names on a free port; gives the address without a slash at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answer", (_Answer,), {"files": files}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
