"""Clients that hand calls in at a steady rate, some of which send again until they are answered."""

import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from callsift.demo_files import RECORDINGS

_ANSWER_LIMIT_S = 45.0
"""Longer than the API waits for the brokers."""
_AGAIN_S = 0.5
_PATIENCE_S = 300.0
"""Longer than a key is leased to a try that died."""
_FILES = sorted(
    path for path in RECORDINGS.iterdir() if path.suffix in {".wav", ".mp3", ".ogg"} and "." not in path.stem
)
_SIDES = {side: RECORDINGS / f"under-warranty-but-pays.{side}.wav" for side in ("customer", "agent")}


@dataclass
class Submission:
    """A call that a client hands in, or a batch of them, and what it was told."""

    mark: str
    """Is in the metadata of each of its events."""
    kind: str
    """upload: a recording. sides: two. event: JSON. batch: three events at once. webhook: a PBX's own JSON."""
    repeated: str | None
    """What makes it safe to send again: key, call_id; None: it is sent once."""
    at_s: float
    """When it is sent, in seconds from the beginning."""
    tries: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    """How often each status came, or ``no answer``."""
    taken: set[str] = field(default_factory=set)
    """The calls that were answered 202."""


def submissions(seed: int, count: int, seconds: float, at_once: int) -> list[Submission]:
    """Return what is handed in over so many seconds, some at once: every kind, repeated in every way or not at all."""
    chance = random.Random(seed)
    ways = [
        *[("upload", way) for way in ("key", "key", "call_id", None, None)],
        *[("sides", way) for way in ("key", None)],
        *[("event", way) for way in ("key", "call_id", None)],
        *[("batch", way) for way in ("call_id", None)],
        *[("webhook", way) for way in ("call_id", "call_id", None)],
    ]
    chosen = [ways[number % len(ways)] for number in range(count)]
    chance.shuffle(chosen)
    return [
        Submission(f"m-{number:04}", kind, repeated, number // at_once * at_once * seconds / count)
        for number, (kind, repeated) in enumerate(chosen)
    ]


class Clients:
    """Threads that send submissions in turn, each when it is due."""

    def __init__(self, address: str, stored: Sequence[str], seed: int, wanted: Sequence[Submission], many: int) -> None:
        """Send to an API; ``stored`` are the addresses of recordings that events name."""
        self._address, self._stored, self._seed = address, stored, seed
        self._due = list(reversed(wanted))
        self._lock = threading.Lock()
        self.begun = self.answered = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(many)]

    def start(self) -> None:
        """Begin; times count from here."""
        self._began_s = time.monotonic()
        for thread in self._threads:
            thread.start()

    def wait_until_begun(self, how_many: int) -> None:
        """Return when so many submissions have been begun, or all."""
        while self.begun < how_many and not self.are_done:
            time.sleep(0.001)

    @property
    def are_done(self) -> bool:
        """Whether everybody has got an answer, or given up."""
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._due:
                    return
                submission = self._due.pop()
            time.sleep(max(0.0, self._began_s + submission.at_s - time.monotonic()))
            with self._lock:
                self.begun += 1
            self._send(submission)
            with self._lock:
                self.answered += 1

    def _send(self, submission: Submission) -> None:
        request = self._request(submission)
        give_up_s = time.monotonic() + _PATIENCE_S
        while True:
            submission.tries += 1
            taken, told = self._try(request)
            submission.answers[told] = submission.answers.get(told, 0) + 1
            submission.taken |= taken
            wanted = 3 if submission.kind == "batch" else 1
            if len(submission.taken) >= wanted or not submission.repeated or time.monotonic() > give_up_s:
                return
            time.sleep(_AGAIN_S)

    def _try(self, request: dict[str, Any]) -> tuple[set[str], str]:
        """Send a request; return the calls that were taken, and the status."""
        try:
            with httpx.Client(base_url=self._address, timeout=_ANSWER_LIMIT_S) as client:
                answer = client.post(**request)
        except httpx.HTTPError:
            return set(), "no answer"
        told = str(answer.status_code)
        if answer.status_code == 202:
            return {answer.json()["call_id"]}, told
        if answer.status_code == 200:
            calls = [result["call"] for result in answer.json()["results"] if result.get("call")]
            return {call["call_id"] for call in calls}, told if len(calls) == 3 else "200 in part"
        return set(), told

    def _request(self, submission: Submission) -> dict[str, Any]:
        chance = random.Random(f"{self._seed}-{submission.mark}")
        ended = {"ended_at": datetime.now(UTC).isoformat()}
        common: dict[str, Any] = {"metadata": {"mark": submission.mark}, "queue": "trial"}
        headers = {"Idempotency-Key": uuid4().hex} if submission.repeated == "key" else {}
        own = submission.repeated == "call_id"

        def event(number: int = 0) -> dict[str, Any]:
            named = {"call_id": f"{submission.mark}-{number}"} if own else {}
            return common | named | ended | {"recording": {"uri": chance.choice(self._stored)}}

        if submission.kind == "batch":
            return {"url": "/v1/calls:batchCreate", "json": {"requests": [event(number) for number in range(3)]}}
        if submission.kind == "webhook":
            told = {"id": f"{submission.mark}-0", "ended": ended["ended_at"], "file": chance.choice(self._stored)}
            return {"url": "/v1/webhooks/pbx", "json": told | {"mark": submission.mark}}
        if submission.kind == "event":
            return {"url": "/v1/calls", "json": event(), "headers": headers}
        known = common | ({"call_id": submission.mark, **ended} if own else {})
        paths = _SIDES if submission.kind == "sides" else {"recording": chance.choice(_FILES)}
        files = {part: (path.name, path.read_bytes()) for part, path in paths.items()}
        return {"url": "/v1/calls", "data": {"event": json.dumps(known)}, "files": files, "headers": headers}


def recordings() -> list[Path]:
    """Return the demo recordings that are one file each."""
    return _FILES
