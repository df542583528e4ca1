"""Fetching by http and https: every hop is checked, and what breaks off is resumed if the server allows it."""

import ssl
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from agents.audio.fetch_settings import FetchSettings, OriginTls, origin
from agents.audio.fetching.allowlist import Allowlist
from agents.audio.fetching.download import BLOCK_BYTES, Download
from agents.audio.fetching.errors import bad_status, cut_short, refused
from streams.errors import SettingsError
from streams.guarded_resolver import guarded_connector
from streams.resumption import OtherContent, asking_for_the_rest, first_byte, strong_tag
from streams.tls import client_context, load_own_certificate

REDIRECTS = 5
_REDIRECTED = {301, 302, 303, 307, 308}
_RESUMPTIONS = 3
_SENT_AS_THEY_STAND = "%:/?#[]@!$&'()*+,;=|^`\\{}\"<>"


class WebSource:
    """Recordings behind web servers. Its connections come with the first fetch, which needs a running loop."""

    def __init__(
        self, settings: FetchSettings, allowlist: Allowlist, resolver: AbstractResolver | None, idle_limit_s: float
    ) -> None:
        """Read the certificates; raises SettingsError for those that cannot be used."""
        self._allowlist = allowlist
        self._resolver = resolver
        self._idle_limit_s = idle_limit_s
        self._headers = settings.headers
        self._tls = {name: _context(name, tls) for name, tls in settings.tls.items()}
        self._default_tls = client_context()
        self._opened: aiohttp.ClientSession | None = None

    async def copy(self, uri: str, download: Download, shown: str) -> None:
        """Write a recording to ``download``.

        Raises:
            CallsiftError: What was found instead, as an error of agents/audio/fetching/errors.py.
            aiohttp.ClientError: The server did not answer, or not to the end.
            ValueError: The address cannot be read.
        """
        etag: str | None = None
        for resumptions_left in reversed(range(_RESUMPTIONS + 1)):
            had_bytes = download.size_bytes
            headers = asking_for_the_rest(download.size_bytes, etag)
            async with await self._get(as_given(uri), headers, shown) as response:
                await _check(response, etag, download, shown)
                etag = response.headers.get("ETag")
                try:
                    await _receive(response, download, shown)
                except aiohttp.ClientPayloadError:
                    if not (resumptions_left and _resumable(response) and download.size_bytes > had_bytes):
                        raise
                else:
                    return

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            limit_s = self._idle_limit_s
            self._opened = aiohttp.ClientSession(
                connector=guarded_connector(self._allowlist.guard, self._resolver),
                timeout=aiohttp.ClientTimeout(total=None, connect=limit_s, sock_connect=limit_s, sock_read=limit_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,  # a proxy would resolve the names itself
            )
        return self._opened

    async def _get(self, url: URL, headers: dict[str, str], shown: str) -> aiohttp.ClientResponse:
        """Return the answer after all redirects; the headers and certificates of a hop are those of its own origin."""
        for _ in range(REDIRECTS + 1):
            self._allowlist.check_web(url)
            at = origin(str(url))
            secrets = {name: value.get_secret_value() for name, value in self._headers.get(at, {}).items()}
            response = await self._session().get(
                url.with_user(None) if any(name.lower() == "authorization" for name in secrets) else url,
                headers={**headers, **secrets},
                ssl=self._tls.get(at, self._default_tls),
                allow_redirects=False,
            )
            location = response.headers.get("Location")
            if response.status not in _REDIRECTED or location is None:
                return response
            response.close()
            try:
                url = url.join(as_given(location))
            except ValueError:
                raise refused(shown, "a redirect to what is no address") from None
        raise refused(shown, f"more than {REDIRECTS} redirects")


def as_given(address: str) -> URL:
    """Return an address whose path and query are sent exactly as they stand: a signature is over those very bytes.

    Only what no request line may hold is quoted: spaces, controls and what is not ASCII. The fragment is no part of it.

    Raises:
        ValueError: It cannot be read.
    """
    host = urlsplit(address).netloc
    if not host.isascii():  # an international name, which the name server knows in another form
        address = address.replace(host, URL(f"//{host}").raw_authority, 1)
    return URL(quote(address.partition("#")[0], safe=_SENT_AS_THEY_STAND), encoded=True)


def _resumable(response: aiohttp.ClientResponse) -> bool:
    ranges = response.status == HTTPStatus.PARTIAL_CONTENT or response.headers.get("Accept-Ranges") == "bytes"
    return ranges and strong_tag(response.headers) is not None


async def _check(response: aiohttp.ClientResponse, etag: str | None, download: Download, shown: str) -> None:
    """Let through the whole recording, or the rest of the same one."""
    try:
        begins = first_byte(response.status, response.headers, download.size_bytes, etag)
    except OtherContent:
        raise refused(shown, "the rest belongs to another recording than the beginning") from None
    if begins is None:
        raise bad_status(shown, response.status)
    if begins == 0 and download.size_bytes:
        await download.empty()  # it has changed, or the server resumes nothing after all


async def _receive(response: aiohttp.ClientResponse, download: Download, shown: str) -> None:
    expected_bytes = None
    if response.content_length is not None and "Content-Encoding" not in response.headers:
        expected_bytes = download.size_bytes + response.content_length
        download.check_size(expected_bytes)
    async for block in response.content.iter_chunked(BLOCK_BYTES):
        await download.write(block)
    if expected_bytes is not None and download.size_bytes != expected_bytes:
        raise cut_short(shown, download.size_bytes, expected_bytes)


def _context(name: str, tls: OriginTls) -> ssl.SSLContext:
    try:
        context = client_context(tls.ca_file)
        if tls.certificate_file:
            load_own_certificate(context, tls.certificate_file, tls.key_file, tls.key_password)
    except OSError as error:
        raise SettingsError(
            f"cannot use the certificates for {name}: {type(error).__name__}", "Correct CALLSIFT_FETCH_TLS"
        ) from None
    return context
