"""A local server that speaks Gemini's REST format, one scripted reply per request.

In tests: ``with gemini_server() as server: server.script(Reply(status=429)); …; server.received[0].body``. By hand:
``python -m tests.servers.gemini --port 8099`` answers every request with a plausible JSON answer; point callsift to it
with ``CALLSIFT_CLASSIFY_GEMINI_ENDPOINT=http://127.0.0.1:8099`` and any key.
"""

import argparse
import json
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from callsift.loopback import served

_PATH = re.compile(r"^/v1(beta)?/models/(?P<model>[^/:]+):generateContent")
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

PLAUSIBLE = {
    "category": "potential_customer",
    "sub_category": None,
    "confidence": 0.9,
    "justification": "Müşterinin arızası var ve randevu verildi.",
    "evidence": [0],
    "summary": "Arıza bildirildi. Randevu verildi.",
    "sentiment": {"start": "negative", "end": None},
    "insights": {
        "service": "kombi",
        "brand": None,
        "fault": "su akıtıyor",
        "place": None,
        "urgency": "urgent",
        "price_quoted": 450,
        "price_currency": "TRY",
        "callback_at": None,
        "appointment_agreed": True,
    },
}


@dataclass(frozen=True)
class Reply:
    """What the server answers to one request."""

    body: bytes
    status: int = 200
    delay_s: float = 0.0
    """Seconds before the answer; shortened when the server stops."""
    content_type: str = "application/json; charset=UTF-8"
    retry_after: str | None = None
    """Value of the header of that name."""
    reset: bool = False
    """Break the connection instead of answering."""
    drip_s: float = 0.0
    """Seconds between one byte of the body and the next."""


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    model: str
    headers: dict[str, str]
    body: dict[str, Any]
    at_s: float = field(default_factory=time.monotonic)
    """When it came, by this machine's monotonic clock."""


@dataclass
class GeminiServer:
    """A running server."""

    address: str
    received: list[Request] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    answer: Callable[[], Reply] = lambda: answered()  # noqa: PLW0108 - defined below
    """Makes the reply to a request that nothing is scripted for."""
    respond: Callable[[Request], Reply] | None = None
    """The same, with a look at the request; wins."""
    ended: threading.Event = field(default_factory=threading.Event)

    def script(self, *replies: Reply) -> None:
        """Answer the next requests like this; after the last one, plausibly."""
        self.replies.extend(replies)

    def next_reply(self, request: Request) -> Reply:
        """Return what a request is answered with."""
        if self.replies:
            return self.replies.popleft()
        return self.respond(request) if self.respond else self.answer()


def said(text: str, finish_reason: str = "STOP") -> Reply:
    """A model that says ``text``."""
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish_reason, "index": 0}
    return _json({"candidates": [candidate]})


def answered(**changes: Any) -> Reply:
    """A model that gives the plausible answer, with changes."""
    return said(json.dumps(PLAUSIBLE | changes, ensure_ascii=False))


def silent(finish_reason: str = "SAFETY") -> Reply:
    """A model that stopped before it said anything."""
    return _json({"candidates": [{"finishReason": finish_reason, "index": 0}]})


def blocked(reason: str = "PROHIBITED_CONTENT") -> Reply:
    """A prompt that is not answered at all."""
    return _json({"promptFeedback": {"blockReason": reason}})


def without_candidates() -> Reply:
    """An answer without any."""
    return _json({"candidates": []})


def failed(
    status: int,
    message: str = "",
    reason: str = "",
    *,
    status_name: str = "",
    retry_delay: str = "",
    retry_after: str | None = None,
) -> Reply:
    """The service's own error; ``reason`` as google.rpc.ErrorInfo has it, ``retry_delay`` as google.rpc.RetryInfo."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry_delay}
    error = {
        "code": status,
        "message": message or f"scripted {status}",
        "status": status_name or _STATUS_NAMES.get(status, "INTERNAL"),
        "details": ([info] if reason else []) + ([retry] if retry_delay else []),
    }
    return Reply(json.dumps({"error": error}).encode(), status, retry_after=retry_after)


def broken() -> Reply:
    """A connection that breaks."""
    return Reply(b"", reset=True)


def _json(content: dict[str, Any]) -> Reply:
    usage = {"promptTokenCount": 1200, "candidatesTokenCount": 60, "totalTokenCount": 1260}
    return Reply(json.dumps({**content, "usageMetadata": usage, "modelVersion": "scripted"}).encode())


class _Handler(BaseHTTPRequestHandler):
    gemini: GeminiServer

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = _PATH.match(self.path)
        if path is None:
            return self._send(failed(404, f"no such method: {self.path}"))
        request = Request(path["model"], dict(self.headers), json.loads(content))
        self.gemini.received.append(request)
        reply = self.gemini.next_reply(request)
        if reply.delay_s:
            self.gemini.ended.wait(reply.delay_s)
        return self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.reset:
            return self._reset()
        try:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            if reply.retry_after is not None:
                self.send_header("Retry-After", reply.retry_after)
            self.end_headers()
            pieces = (reply.body[i : i + 1] for i in range(len(reply.body))) if reply.drip_s else (reply.body,)
            for piece in pieces:
                self.wfile.write(piece)
                if reply.drip_s and self.gemini.ended.wait(reply.drip_s):
                    break
        except OSError:
            self.close_connection = True  # the client waited no longer
        return None

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for end in (self.connection, self.rfile):  # the socket closes with the last of them
            end.close()

    def log_message(self, *_arguments: Any) -> None:
        """Requests are kept, not printed: they hold what callers said."""


@contextmanager
def gemini_server(port: int = 0) -> Iterator[GeminiServer]:
    """Run a server on ``port`` of this machine; 0 takes any free one."""
    handler: type[_Handler] = type("Handler", (_Handler,), {})
    with served(handler, port) as address:
        handler.gemini = GeminiServer(address)
        try:
            yield handler.gemini
        finally:
            handler.gemini.ended.set()


def main() -> None:
    """Answer until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8099)
    with gemini_server(parser.parse_args().port) as server:
        print(f"Gemini's REST format at {server.address}, Ctrl-C ends it")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
