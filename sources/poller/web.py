"""Asking a PBX over HTTP: with its token, at its own address alone, and never led elsewhere by what it answers."""

import hashlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx

from sources.poller.settings import PollerSource
from streams.errors import SettingsError, TransientError
from streams.retry_after import retry_after_s
from streams.threads import Threads
from streams.tls import client_context, distrust

_IDLE_S = 30.0
_MOST_BYTES = 32 * 1024 * 1024
_TOKEN_S = 3600.0
"""How long a token is good that does not say it."""
_EARLY_S = 10.0
"""A token is renewed so long before its end, or when a fifth of its time is left."""
_TEXTS = ("text/", "application/json", "application/xml", "application/problem+json")
"""What stands in place of a recording, by its content type."""
_SUFFIXES = {"audio/wav": ".wav", "audio/x-wav": ".wav", "audio/wave": ".wav", "audio/vnd.wave": ".wav"}
_SUFFIXES |= {"audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/mp4": ".m4a", "audio/flac": ".flac"}
"""Not the system's own table, which is another one on each machine."""


class ListAway(TransientError):
    """The PBX does not answer, or not as it should; it is asked again."""


class RecordingNotThere(TransientError):
    """The PBX has no such recording, yet."""


class Downloaded(NamedTuple):
    """A recording that is in a file."""

    sha256: str
    size_bytes: int
    suffix: str
    """Its extension, by what the PBX says it is; empty: it does not say."""


class Web:
    """The connections to one PBX. Needs a running loop."""

    def __init__(self, settings: PollerSource, *, idle_s: float = _IDLE_S) -> None:
        """Connections come with the first question; ``idle_s``: seconds without a byte that are too many.

        Raises:
            SettingsError: The authority's file cannot be used.
        """
        try:
            context = client_context(settings.ca_file)
        except OSError as error:
            raise SettingsError(f"the source's ca_file cannot be used: {error.strerror}", "Name a PEM file") from None
        # no proxy of the environment, and no redirect: the token goes to the address of the settings alone
        self._client = httpx.AsyncClient(verify=context, timeout=idle_s, trust_env=False, follow_redirects=False)
        self._settings = settings
        self._threads = Threads("downloads", settings.downloads)
        self._token, self._renew_at = "", 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        self._threads.close()

    def is_own(self, address: str) -> bool:
        """Tell whether an address is beneath the one of the settings: only there goes the token."""
        try:
            own, other = urlsplit(self._settings.url), urlsplit(address)
            same = (own.scheme, own.hostname, own.port) == (other.scheme, other.hostname, other.port)
        except ValueError:  # no address, or a port that is none
            return False
        return same and other.username is None and other.path.startswith(own.path.rstrip("/") + "/")

    async def listed(self, query: Mapping[str, str]) -> Any:
        """Ask for the list, and return the answer.

        Raises:
            ListAway: There is none, or it is no JSON.
        """
        # %20 and not +, which is a plus in OData
        asked = urlencode(query, quote_via=quote, safe="$(),':")
        address = self._address(self._settings.list_path) + (f"?{asked}" if asked else "")
        async with self._ask(address) as response:
            if response.status_code != httpx.codes.OK:
                raise _refused(response)
            return _json(await _read(response))

    async def download(self, address: str, target: Path, limit_bytes: int) -> Downloaded:
        """Write a recording to the file ``target``: whole, or an error.

        Raises:
            RecordingNotThere: The PBX has none, or something else in its place.
            ListAway: It does not answer, or not to the end.
        """
        try:
            httpx.URL(address)
        except httpx.InvalidURL:  # whose own text may hold the address
            raise RecordingNotThere("the recording's address is none", "Correct the mapping") from None
        async with self._ask(address) as response:
            status, kind = response.status_code, response.headers.get("Content-Type", "").partition(";")[0].lower()
            if status in {401, 403, 429} or status >= 500 or 300 <= status < 400:
                raise _refused(response)
            if status != httpx.codes.OK or kind.startswith(_TEXTS):
                raise RecordingNotThere(f"the PBX answers {status} instead of a recording", "It is asked for again")
            digest, size_bytes = hashlib.sha256(), 0
            with await self._threads.run(lambda: target.open("wb")) as file:
                async for block in response.aiter_bytes(1024 * 1024):
                    size_bytes += len(block)
                    if size_bytes > limit_bytes:
                        raise RecordingNotThere("the recording is too large", "Raise CALLSIFT_FETCH_RECORDING_LIMIT_MB")
                    digest.update(block)
                    await self._threads.run(partial(file.write, block))
        if not size_bytes:
            raise RecordingNotThere("the PBX answers with nothing", "It is asked for again")
        return Downloaded(digest.hexdigest(), size_bytes, _SUFFIXES.get(kind, ""))

    @asynccontextmanager
    async def _ask(self, address: str) -> AsyncIterator[httpx.Response]:
        """Ask with the login; with a new token, once, where the old one is not good any more."""
        try:
            for is_last in (False, True):
                headers = {"Authorization": await self._authorization(), "Accept-Encoding": "identity"}
                async with self._client.stream("GET", address, headers=headers) as response:
                    if response.status_code == httpx.codes.UNAUTHORIZED and not is_last:
                        self._renew_at = 0.0
                        continue
                    yield response
                    return
        except httpx.HTTPError as error:
            why = distrust(error) or type(error).__name__  # whose own text may hold the address
            raise ListAway(f"the PBX does not answer: {why}", "It is tried again") from None

    async def _authorization(self) -> str:
        if self._settings.login == "bearer":
            return f"Bearer {self._secret()}"
        if self._settings.login == "basic":
            request = httpx.Request("GET", self._settings.url)
            next(httpx.BasicAuth(self._settings.client_id, self._secret()).auth_flow(request))
            return request.headers["Authorization"]
        if time.monotonic() >= self._renew_at:
            await self._renew()
        return f"Bearer {self._token}"

    async def _renew(self) -> None:
        """Get a token for the client's secret (RFC 6749, 4.4)."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._secret(),
            **({"scope": self._settings.scope} if self._settings.scope else {}),
        }
        async with self._client.stream("POST", self._address(self._settings.token_path), data=form) as response:
            if response.status_code != httpx.codes.OK:
                raise _refused(response, "it gives no token", "Set the source's client_id and its secret_file")
            told = _json(await _read(response))
        token, lasts_s = (told.get(name) if isinstance(told, dict) else None for name in ("access_token", "expires_in"))
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise ListAway("the PBX gives no token", "Look whether token_path is the address of its tokens")
        try:
            good_s = float(lasts_s)  # type: ignore[arg-type] # some write it as text
        except (TypeError, ValueError):
            good_s = _TOKEN_S
        self._token, self._renew_at = token, time.monotonic() + good_s - min(_EARLY_S, good_s / 5)

    def _secret(self) -> str:
        try:
            return self._settings.secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ListAway("the secret cannot be read", "Set the source's secret_file") from None

    def _address(self, path: str) -> str:
        return self._settings.url.rstrip("/") + path


def _refused(response: httpx.Response, what: str = "", cure: str = "") -> ListAway:
    status = response.status_code
    why = {
        401: ("it does not know the login", "Set the source's client_id and its secret_file"),
        403: ("the login may not do that", "Give it the right; in 3CX the role System Owner"),
        404: ("there is no such list", "Correct the source's url and list_path"),
    }.get(status, ("", "It is tried again"))
    if 300 <= status < 400:
        why = ("it leads elsewhere, which is not followed", "Set the source's url to where it leads")
    told = what or why[0]
    away = ListAway(f"the PBX answers {status}" + (f": {told}" if told else ""), cure or why[1])
    away.retry_after_s = retry_after_s(response.headers)
    return away


async def _read(response: httpx.Response) -> bytes:
    found = bytearray()
    async for block in response.aiter_bytes():
        found += block
        if len(found) > _MOST_BYTES:
            raise ListAway(f"the PBX answers with more than {_MOST_BYTES} bytes", "Ask for fewer items at once")
    return bytes(found)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ListAway("the PBX answers with what is no JSON", "Correct the source's url and list_path") from None
