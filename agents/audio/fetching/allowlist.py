"""What may be fetched: the settings' lists against addresses that came from outside."""

import fsspec
from yarl import URL

from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching.errors import CORRECT, no_address
from streams.host_guard import AddressNotAllowed, HostGuard, Lists, UnknownAddress
from streams.payloads import public_address

_LISTS = Lists(
    hosts="CALLSIFT_FETCH_HOSTS",
    internal_hosts="CALLSIFT_FETCH_INTERNAL_HOSTS",
    verb="fetch",
    correct=CORRECT,
    wanted="recordings are to be fetched there",
    meant="recordings are meant to be fetched there",
    senders="sends such events",
)


class Allowlist:
    """Decides by the settings; every refusal names the variable that would allow it."""

    def __init__(self, settings: FetchSettings) -> None:
        """Read the lists."""
        self._schemes = frozenset(settings.schemes)
        self.guard = HostGuard(settings.hosts, settings.internal_hosts, _LISTS)
        """Which hosts and buckets may be fetched from."""

    def scheme(self, uri: str) -> str:
        """Return an address's scheme, in lower case.

        Raises:
            UnknownAddress: It has none that anything here can read, or is a chain of addresses.
            AddressNotAllowed: The scheme is not listed.
        """
        shown = public_address(uri)
        scheme, separator, rest = uri.partition("://")
        scheme = scheme.lower()
        # fsspec's chains ("filecache::https://…", "s3://…::file://…") are for code, not for addresses from outside
        if "::" in scheme or ("::" in rest and scheme not in {"http", "https", "file"}):
            raise UnknownAddress(f"cannot fetch {shown}: a chain of addresses", "Name one address")
        if not separator:
            raise no_address(shown)
        if scheme not in self._schemes:
            if scheme not in fsspec.available_protocols():
                raise no_address(shown)
            raise AddressNotAllowed(
                f"{shown} is not allowed: its scheme is not listed",
                f"Add {scheme} to CALLSIFT_FETCH_SCHEMES if recordings are to be fetched by it",
            )
        return scheme

    def check_web(self, url: URL) -> None:
        """Check one hop of a web address before anything is asked, the name server included.

        Raises:
            UnknownAddress: It has no host, or one that is neither a name nor an address.
            AddressNotAllowed: Its scheme or host is not listed, or the host is an address that is not public.
        """
        shown = public_address(str(url))
        if url.scheme not in {"http", "https"}:
            raise AddressNotAllowed(
                f"{shown} is not allowed: a redirect leads there", "Name the recording's own address in the event"
            )
        self.scheme(str(url))
        self.guard.check_host(url.raw_host, shown)
