"""A local server that speaks OpenAI's ``POST /v1/audio/transcriptions``, with Vosk and the demo model behind it.

It hears what is really sent, so that what comes back fits the speech; scripted replies are its misbehaviour. The
official client understands it (tests/agents/transcribe/hosted/test_openai.py).
"""

import io
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

import soundfile
import vosk

from agents.transcribe.recognise import load_model
from callsift.loopback import served
from tests.agents.demo_calls import SPEECH_MODEL

Shape = Literal["beside", "inside", "segments", "text"]
"""Where the times of words are: beside the segments (OpenAI), in them (faster-whisper), only segments, nowhere."""


@dataclass(frozen=True)
class Reply:
    """What the server answers to one request."""

    body: bytes
    status: int = 200
    retry_after: str | None = None
    location: str | None = None
    delay_s: float = 0.0
    """Seconds before the answer; shortened when the server stops."""
    reset: bool = False
    """Break the connection in the middle of the answer."""


@dataclass(frozen=True)
class Asked:
    """What a client sent."""

    fields: dict[str, list[str]]
    sound: bytes
    headers: dict[str, str]

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return float(soundfile.info(io.BytesIO(self.sound)).duration)


@dataclass
class TranscriptionsServer:
    """A running server."""

    url: str
    shape: Shape = "beside"
    received: list[Asked] = field(default_factory=list)
    replies: deque[Reply | None] = field(default_factory=deque)
    ended: threading.Event = field(default_factory=threading.Event)

    def script(self, *replies: Reply | None) -> None:
        """Answer the next requests like this; None, and all after the last one: with what is heard."""
        self.replies.extend(replies)


@cache
def heard(sound: bytes) -> list[dict[str, Any]]:
    """Recognise a file as Vosk does: words with ``word``, ``start``, ``end`` in seconds and ``conf``."""
    samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="int16")
    recogniser = vosk.KaldiRecognizer(load_model(SPEECH_MODEL), rate_hz)
    recogniser.SetWords(True)
    recogniser.AcceptWaveform(samples.tobytes())
    found: list[dict[str, Any]] = json.loads(recogniser.FinalResult()).get("result", [])
    return found


def capital(word: str) -> str:
    """Return a word with a capital, as Turkish has it: of i that is İ."""
    return word[0].replace("i", "İ").upper() + word[1:]


def transcript(sound: bytes, shape: Shape) -> dict[str, Any]:
    """Return the answer about a file, as ``verbose_json``."""
    found = heard(sound)
    words = [{"word": capital(word["word"]) + ",", "start": word["start"], "end": word["end"]} for word in found]
    text = " ".join(word["word"] for word in words)
    seconds = float(soundfile.info(io.BytesIO(sound)).duration)
    answer: dict[str, Any] = {"task": "transcribe", "language": "turkish", "duration": seconds, "text": text}
    if shape == "text":
        return answer
    segment: dict[str, Any] = {
        "id": 0,
        "seek": 0,
        "start": words[0]["start"] if words else 0.0,
        "end": words[-1]["end"] if words else seconds,
        "text": text,
        "tokens": [1],
        "temperature": 0.0,
        "avg_logprob": -0.2,
        "compression_ratio": 1.2,
        "no_speech_prob": 0.05,
    }
    if shape == "inside":
        # the demo model is always sure: words differ here by their length
        segment["words"] = [word | {"probability": round(1 - 0.5 / len(word["word"]), 3)} for word in words]
    if shape == "beside":
        answer["words"] = words
    return answer | {"segments": [segment] if words else []}


@contextmanager
def transcriptions_server(shape: Shape = "beside") -> Iterator[TranscriptionsServer]:
    """Run a server while the block runs."""
    handler: type[_Handler] = type("Handler", (_Handler,), {})
    with served(handler) as address:
        server = handler.own = TranscriptionsServer(f"{address}/v1", shape)
        try:
            yield server
        finally:
            server.ended.set()


class _Handler(BaseHTTPRequestHandler):
    own: TranscriptionsServer

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"])) if "Content-Length" in self.headers else b""
        if not content:
            content = b"".join(self._chunks())
        if self.path != "/v1/audio/transcriptions":
            return self._send(Reply(b'{"error": {"message": "no such path"}}', 404))
        fields, sound = _form(self.headers["Content-Type"], content)
        self.own.received.append(Asked(fields, sound, dict(self.headers)))
        scripted = self.own.replies.popleft() if self.own.replies else None
        reply = scripted or Reply(json.dumps(transcript(sound, self.own.shape)).encode())
        if reply.delay_s:
            self.own.ended.wait(reply.delay_s)
        return self._send(reply)

    def _chunks(self) -> Iterator[bytes]:
        while length := int(self.rfile.readline(), 16):
            yield self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, reply: Reply) -> None:
        try:
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply.body) + reply.reset))
            for name, value in {"Retry-After": reply.retry_after, "Location": reply.location}.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
        except OSError:
            pass  # the client waited no longer
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _form(content_type: str, body: bytes) -> tuple[dict[str, list[str]], bytes]:
    boundary = b"--" + content_type.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, list[str]] = {}
    sound = b""
    for part in body.split(boundary)[1:-1]:
        head, _, payload = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = head.decode().partition(' name="')[2].partition('"')[0]
        if name == "file":
            sound = payload.removesuffix(b"\r\n")
        else:
            fields.setdefault(name, []).append(payload.removesuffix(b"\r\n").decode())
    return fields, sound
