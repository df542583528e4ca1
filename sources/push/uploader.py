"""Calls to the API: each with its recording, until it says that the brokers have them."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit

import httpx

from schemas import CallEnded, OneFile
from sources.backoff import Backoff
from sources.observation import Observation, Reason, Refused, call_ended
from streams.errors import SettingsError
from streams.retry_after import retry_after_s
from streams.threads import Threads
from streams.tls import client_context, distrust

_TIMEOUT_S = 60.0
_MOST_IN_A_ROW = 5
"""So many calls may fail one after the other, each by itself, before the API is left alone."""
_ACCEPTED = {200, 202}
_OF_THIS_CALL = {400, 413, 415, 422}
_PERHAPS_OF_THIS_CALL = _OF_THIS_CALL | {403}
"""By something in front of the API, or by the scope of the key."""
_WHY: dict[int, tuple[str, str]] = {
    401: ("the API does not know the key", "Give it a key with the role ingest"),
    403: ("the key may not hand in this call", "Give it the role ingest, and the calls of this PBX as its scope"),
    404: ("there is no API at this address", "Correct --to: it is what stands before /v1"),
    409: ("the call is being handed in already", "It is tried again"),
    429: ("the API asks for a pause", "It is tried again"),
}


@dataclass
class Progress:
    """What came of it so far."""

    pushed: int = 0
    refused: int = 0
    sent_bytes: int = 0
    problem: str | None = None
    """Why nothing arrives at present; None: it does."""


class Uploader:
    """Hands calls in through ``POST /v1/calls``; after a failure the API is left alone, longer each time.

    A call that fails by itself is left alone in the same way, and holds up no other.
    """

    at_once = 1
    """Each call is noted by itself: killed in between, one recording is sent a second time, and not many."""

    def __init__(
        self, to: str, folder: Path, key: Callable[[], str | None], ca_file: Path | None, backoff: Backoff
    ) -> None:
        """Push recordings of ``folder`` to the API at ``to``; ``key`` is asked at each request.

        Raises:
            SettingsError: The authority's file cannot be used.
        """
        try:
            context = client_context(ca_file)
        except OSError as error:
            raise SettingsError(f"{ca_file} cannot be used: {error.strerror}", "Name a PEM file") from None
        # neither a proxy of the environment nor a redirect: recordings go to the address that was given alone
        self._client = httpx.Client(verify=context, timeout=_TIMEOUT_S, trust_env=False, follow_redirects=False)
        self._address = f"{to.rstrip('/')}/v1/calls"
        self._folder, self._key, self._backoff = folder.resolve(), key, backoff
        self._thread = Threads("push", 1)
        self._not_before = 0.0
        self._aside: dict[str, tuple[Backoff, float]] = {}  # calls that failed by themselves: when to try them again
        self._in_a_row = 0
        self.is_away = False
        """Whether the API is left alone, or was when something was handed in last."""
        self.progress = Progress()

    @property
    def rest_s(self) -> float:
        """Seconds for which the API is left alone."""
        return max(0.0, self._not_before - time.monotonic())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._thread.close()

    def refused(self, source: str, refusal: Refused) -> None:
        """Count what no call could be made of."""
        self.progress.refused += 1

    async def take(self, observed: Sequence[Observation]) -> list[CallEnded | Refused]:
        """Hand calls in, one after the other, and return for each its event, or why it is not taken."""
        return [await self._take(one) for one in observed]

    async def _take(self, observed: Observation) -> CallEnded | Refused:
        if self.rest_s:
            return Refused("unconfirmed", self.progress.problem or "the API is left alone", "It is tried again")
        self.is_away = False
        try:
            call = call_ended(observed)
            if call.call_id in self._aside and time.monotonic() < self._aside[call.call_id][1]:
                return Refused("unconfirmed", "the call has failed before", "It is tried again")
            result = await self._thread.run(lambda: self._sent(call, dict(observed.content)))
        except Refused as refusal:
            result = refusal
        if isinstance(result, Refused) and result.reason != "unconfirmed":
            self.progress.refused += 1
        return result

    def _sent(self, call: CallEnded, content: dict[str, Any]) -> CallEnded | Refused:
        paths = self._paths(call)
        try:
            with ExitStack() as stack:
                files = {part: stack.enter_context(path.open("rb")) for part, path in paths.items()}
                abouts = {part: os.fstat(file.fileno()) for part, file in files.items()}
                size_bytes = sum(about.st_size for about in abouts.values())
                seen = [
                    json.dumps(content, sort_keys=True),
                    *(f"{part} {one.st_size} {one.st_mtime_ns}" for part, one in abouts.items()),
                ]
                # the same as long as what is told and the files are: what has arrived unknown to us is not taken twice
                headers = {"Idempotency-Key": hashlib.sha256("\n".join(seen).encode()).hexdigest()[:32]}
                if key := self._key():
                    headers["Authorization"] = f"Bearer {key}"
                response = self._client.post(self._address, headers=headers, **_body(content, paths, files))
        except FileNotFoundError:
            return Refused("unconfirmed", "a recording has gone", "It is forgotten unless it comes back")
        except OSError as error:
            why = f"a recording cannot be read: {error.strerror}"
            return self._put_aside(call, why, "Look at the folder's permissions")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = distrust(error) or type(error).__name__  # whose own text may hold the address
            return self._away(f"the API does not answer: {why}", "It is tried again")
        return self._answered(call, response, size_bytes)

    def _answered(self, call: CallEnded, response: httpx.Response, size_bytes: int) -> CallEnded | Refused:
        status = response.status_code
        if status in _ACCEPTED:
            self._succeeded(call)
            self.progress.pushed += 1
            self.progress.sent_bytes += size_bytes
            return call
        if status in _OF_THIS_CALL and _is_problem(response):
            self._succeeded(call)
            reason: Reason = "too_large" if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE else "invalid"
            return Refused(reason, f"the API refuses the call with {status}", "The log of the API says why")
        why, cure = _WHY.get(status, (f"the API answers {status}", "It is tried again"))
        if 300 <= status < 400:
            why, cure = f"the API answers {status}: it leads elsewhere, which is not followed", "Correct --to"
        if status in _PERHAPS_OF_THIS_CALL:
            return self._put_aside(call, why, cure)
        return self._away(why, cure, retry_after_s(response.headers))

    def _succeeded(self, call: CallEnded) -> None:
        self._backoff.succeeded()
        self._aside.pop(call.call_id, None)
        self._in_a_row = 0
        self.progress.problem = None

    def _put_aside(self, call: CallEnded, why: str, cure: str) -> Refused:
        pauses, _ = self._aside.get(call.call_id, (self._backoff.another(), 0.0))
        self._aside[call.call_id] = pauses, time.monotonic() + pauses.failed()
        self._in_a_row += 1
        if self._in_a_row >= _MOST_IN_A_ROW:
            self._in_a_row = 0
            return self._away(why, cure)
        self.progress.problem = f"{why}. {cure}"
        return Refused("unconfirmed", why, cure)

    def _away(self, why: str, cure: str, asked_s: float | None = None) -> Refused:
        self.is_away = True
        self._not_before = time.monotonic() + self._backoff.failed(asked_s)
        self.progress.problem = f"{why}. {cure}"
        return Refused("unconfirmed", why, cure)

    def _paths(self, call: CallEnded) -> dict[str, Path]:
        """Return the files of a call by their parts; none: it has no recording, or one that the audio stage fetches.

        Raises:
            Refused: invalid: one is outside of the folder; JSON beside a recording may name any.
        """
        if call.recording is None or not any(uri.startswith("file:") for uri in call.recording.uris):
            return {}
        parts = ("recording",) if isinstance(call.recording, OneFile) else ("customer", "agent")
        paths = [Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path))).resolve() for uri in call.recording.uris]
        if not all(path.is_relative_to(self._folder) for path in paths):
            raise Refused("invalid", "the recording is not in the folder that is watched", "Correct the JSON beside it")
        return dict(zip(parts, paths, strict=True))


def _body(content: dict[str, Any], paths: Mapping[str, Path], files: Mapping[str, BinaryIO]) -> dict[str, Any]:
    """Return what a request has in it: the event, and the recordings under names that say nothing."""
    if not files:
        return {"json": content}
    without = {name: value for name, value in content["recording"].items() if name != "uri"}
    legs = {
        part: {name: value for name, value in without.get(part, {}).items() if name != "uri"}
        for part in ("customer", "agent")
    }
    told = {name: value for name, value in {**without, **legs}.items() if value not in ({}, None)}
    event = json.dumps(content | {"recording": told})
    sent = {part: (part + paths[part].suffix, file, "application/octet-stream") for part, file in files.items()}
    return {"data": {"event": event}, "files": sent}


def _is_problem(response: httpx.Response) -> bool:
    """Tell whether the API itself has answered, and not something in front of it (RFC 9457)."""
    return str(response.headers.get("Content-Type", "")).startswith("application/problem+json")
