"""A 3CX V20 on this machine, as far as a poller sees one: OData over HTTP, with the traps of the real ones.

Tokens are good for 60 seconds or as the test says, a client without its role gets a bare 403, the list has no link to
its next page, and the sound that is not there is a 400.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

CLIENT, SECRET = "callsift", "a secret+with/signs"
BEGAN = datetime(2026, 11, 28, 7, 0, tzinfo=UTC)
_AFTER = re.compile(r"Id gt (\d+)")
_SINCE = re.compile(r"StartTime ge (\S+)")
_SOUND = re.compile(r"/xapi/v1/Recordings/Pbx\.DownloadRecording\(recId=(\d+)\)")
Answer = tuple[int, bytes, dict[str, str]]


def item(number: int, **changed: Any) -> dict[str, Any]:
    """Return a recording as the list has it: of a call from outside that extension 101 took."""
    began = BEGAN + timedelta(minutes=number)
    return {
        "Id": number,
        "RecordingUrl": f"101/[Elif]_101-+90555000{number:04}_{began:%Y%m%d%H%M%S}({number}).wav",
        "StartTime": f"{began:%Y-%m-%dT%H:%M:%S}Z",
        "EndTime": f"{began + timedelta(seconds=41):%Y-%m-%dT%H:%M:%S}Z",
        "CallType": "InboundExternal",
        "FromDn": "10000",
        "FromDnType": 1,
        "FromCallerNumber": f"+90555000{number:04}",
        "FromDisplayName": "Ayşe Yılmaz",
        "FromDidNumber": "+902120000000",
        "ToDn": "101",
        "ToDnType": 0,
        "ToCallerNumber": "Ext.101",
        "ToDisplayName": "Elif",
        "IsArchived": False,
        "Transcription": None,
    } | changed


class ThreeCx:
    """The PBX: what it holds and how it fails may be changed while it runs."""

    def __init__(self) -> None:
        self.items: dict[int, dict[str, Any]] = {}
        self.sounds: dict[int, bytes] = {}
        self.address = ""
        self.token_s = 60.0
        self.has_role = True
        self.page_limit = 100
        self.tokens: dict[str, float] = {}
        self.asked: list[str] = []
        self.failing: dict[str, list[Answer]] = {}
        """What is answered instead, by how the path begins; each once."""
        self.breaks_off: set[int] = set()
        """Sounds whose next transfer ends half-way."""
        self.on_list: Callable[[], None] = lambda: None
        self.on_sound: Callable[[int], None] = lambda _: None
        self.lock = threading.Lock()

    def add(self, number: int, sound: bytes | None = b"", **changed: Any) -> None:
        """Put a recording into the list; ``sound`` None: it is not there yet."""
        with self.lock:
            self.items[number] = item(number, **changed)
            if sound is not None:
                self.sounds[number] = sound or b"RIFF" + b"%08d" % number * 500

    def token(self, form: dict[str, list[str]]) -> Answer:
        told = {name: values[0] for name, values in form.items()}
        if told != {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}:
            return 401, b"", {}
        with self.lock:
            token = f"token-{len(self.tokens)}"
            self.tokens[token] = time.monotonic() + self.token_s
        answer = {"token_type": "Bearer", "expires_in": self.token_s, "access_token": token, "refresh_token": None}
        return 200, json.dumps(answer).encode(), {"Content-Type": "application/json"}

    def answer(self, address: str, authorization: str) -> Answer | int:
        """Return what a question is answered with; a number: the sound of that recording."""
        self.asked.append(address)
        path, _, query = unquote(address).partition("?")
        for beginning, instead in self.failing.items():
            if path.startswith(beginning) and instead:
                return instead.pop(0)
        if self.tokens.get(authorization.removeprefix("Bearer "), 0.0) < time.monotonic():
            return 401, b"", {}
        if not self.has_role:
            return 403, b"", {}
        if sound := _SOUND.fullmatch(path):
            return self._sound(int(sound[1]))
        if path != "/xapi/v1/Recordings":
            return 404, b"", {}
        self.on_list()
        return 200, json.dumps({"value": self._listed(query)}).encode(), {"Content-Type": "application/json"}

    def _sound(self, number: int) -> Answer | int:
        self.on_sound(number)
        if number in self.sounds:
            return number
        return 400, b'{"error":{"code":"WARNINGS.XAPI.FILE_NOT_FOUND"}}', {"Content-Type": "application/json"}

    def _listed(self, query: str) -> list[dict[str, Any]]:
        assert "+" not in query, "OData reads it as a plus"
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        assert asked["$orderby"] == "Id asc", asked
        after, since = _AFTER.fullmatch(asked.get("$filter", "")), _SINCE.fullmatch(asked.get("$filter", ""))
        with self.lock:
            found = [one for number, one in sorted(self.items.items()) if after is None or number > int(after[1])]
        if since:
            found = [one for one in found if one["StartTime"] >= since[1]]
        assert after or since, asked
        return found[: min(int(asked["$top"]), self.page_limit)]


@contextmanager
def three_cx() -> Iterator[ThreeCx]:
    """Run one in this block."""
    pbx = ThreeCx()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._send(pbx.token(form) if self.path == "/connect/token" else (404, b"", {}))

        def do_GET(self) -> None:
            found = pbx.answer(self.path, self.headers.get("Authorization", ""))
            if isinstance(found, int):
                self._send_sound(found)
            else:
                self._send(found)

        def _send_sound(self, number: int) -> None:
            sound = pbx.sounds[number]
            self._begin(200, len(sound), {"Content-Type": "audio/wav"})
            if number in pbx.breaks_off:
                pbx.breaks_off.remove(number)
                self.wfile.write(sound[: len(sound) // 2])
                self.close_connection = True
                return
            self.wfile.write(sound)

        def _send(self, answer: Answer) -> None:
            status, body, headers = answer
            self._begin(status, len(body), headers)
            self.wfile.write(body)

        def _begin(self, status: int, size_bytes: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(size_bytes))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pbx.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield pbx
    finally:
        server.shutdown()
        server.server_close()
