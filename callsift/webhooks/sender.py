"""Posting one delivery: through the guard, without following anything, and with a limit to everything."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, get_args

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from sources.endpoint_settings import EndpointSettings, check_address, make_guard
from streams.guarded_resolver import guarded_connector
from streams.host_guard import AddressNotAllowed, UnknownAddress
from streams.tls import client_context, distrust

Result = Literal[
    "delivered",
    "refused_address",  # the settings do not allow to connect there
    "no_such_name",
    "not_trusted",  # TLS failed
    "no_connection",
    "timeout",
    "broken_answer",
    "redirect",
    "status",  # any other than 2xx
]
"""What came of a try."""
RESULTS: tuple[Result, ...] = get_args(Result)
TIME_LIMIT_S = 20.0
"""Seconds for one try, the answer included; the standard asks for 15 to 30."""
_ANSWER_BYTES = 64 * 1024
"""As much of an answer is read: that it is whole says that the other side was there to its end."""


@dataclass(frozen=True)
class Answer:
    """What came of a try."""

    result: Result
    seconds: float
    status: int | None = None
    detail: str | None = None
    """More, where there is more; holds no address with a secret."""
    retry_after_s: float | None = None
    """How long the endpoint asks to be left alone."""


class Sender:
    """Posts to endpoints. Needs a running loop."""

    def __init__(
        self,
        settings: EndpointSettings,
        resolver: AbstractResolver | None = None,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        """Open no connection yet.

        Args:
            settings: What may be posted to.
            resolver: Asks for the addresses of hosts instead of the system's name service.
            time_limit_s: Seconds for one try.

        Raises:
            OSError: The file of the authorities cannot be read.
        """
        self._settings = settings
        self._session = aiohttp.ClientSession(
            # one that the consumer closes as it is used again would be a failed try; aiohttp repeats no POST
            connector=guarded_connector(make_guard(settings), resolver, keep_alive=False),
            timeout=aiohttp.ClientTimeout(total=time_limit_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # a proxy would resolve the names itself
        )
        self._tls = client_context(settings.ca_file)

    async def post(self, address: str, headers: dict[str, str], body: bytes) -> Answer:
        """Post once; never raises for what the other side does."""
        began = time.monotonic()
        try:
            check_address(self._settings, address)
            status, retry_after_s = await self._posted(URL(address), headers, body)
        except (aiohttp.ClientError, OSError, ValueError, AddressNotAllowed, UnknownAddress) as error:
            result, detail = _understood(error)
            return Answer(result, time.monotonic() - began, detail=detail)
        took_s = time.monotonic() - began
        if 200 <= status < 300:
            return Answer("delivered", took_s, status)
        result = "redirect" if 300 <= status < 400 else "status"
        return Answer(result, took_s, status, retry_after_s=retry_after_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _posted(self, url: URL, headers: dict[str, str], body: bytes) -> tuple[int, float | None]:
        sent = {"content-type": "application/json", "user-agent": "callsift"} | headers
        async with self._session.post(url, data=body, headers=sent, ssl=self._tls, allow_redirects=False) as response:
            seen = 0
            async for block in response.content.iter_any():
                seen += len(block)
                if seen > _ANSWER_BYTES:
                    response.close()
                    break
            return response.status, _retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC))


def _understood(error: Exception) -> tuple[Result, str | None]:
    """Name a failure. A library's own text is left out: it may hold the whole address."""
    if why := distrust(error):
        return "not_trusted", why
    found: tuple[Result, str | None]
    match error:
        case AddressNotAllowed() | UnknownAddress():
            found = "refused_address", error.message
        case TimeoutError():
            found = "timeout", None
        case aiohttp.ClientConnectorDNSError():
            found = "no_such_name", None
        case aiohttp.ClientSSLError():
            found = "not_trusted", type(error).__name__
        case aiohttp.ClientPayloadError():
            found = "broken_answer", "the answer ended before its announced end"
        case ValueError() if not isinstance(error, OSError):  # aiohttp.InvalidURL is one
            found = "refused_address", "it cannot be read as an address"
        case _:
            found = "no_connection", type(error).__name__
    return found


def _retry_after_s(value: str | None, now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3); None: it is not there, or means nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value).replace(tzinfo=UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None
