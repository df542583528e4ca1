"""What may be fetched: the settings' lists against addresses that came from outside."""

from collections.abc import Iterable
from errno import ENOENT
from ipaddress import ip_address
from socket import AddressFamily

import aiohttp
import fsspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching.errors import AddressNotAllowed, UnknownAddress, no_address
from agents.audio.fetching.hosts import Address, HostList, is_metadata, is_name, is_public, reached
from streams.payloads import public_address


class Allowlist:
    """Decides by the settings; every refusal names the variable that would allow it."""

    def __init__(self, settings: FetchSettings) -> None:
        """Read the lists."""
        self._schemes = frozenset(settings.schemes)
        self._hosts = HostList(settings.hosts)
        self._internal = HostList(settings.internal_hosts)

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
        host = url.raw_host
        if url.scheme not in {"http", "https"}:
            raise AddressNotAllowed(
                f"{shown} is not allowed: a redirect leads there", "Name the recording's own address in the event"
            )
        if not host:
            raise no_address(shown, "no host in it")
        self.scheme(str(url))
        try:
            address = ip_address(host)
        except ValueError:
            if host.replace(".", "").isdigit():  # "127.1": some libraries take it for an address
                raise no_address(shown, "a part of an address of numbers") from None
            if not is_name(host):
                raise no_address(shown, "a host that no name server can know") from None
            self.check_name(host, shown, address_may_tell=True)
        else:
            self.permitted(host, [address])

    def check_name(self, host: str, shown: str, *, address_may_tell: bool = False) -> None:
        """Raise AddressNotAllowed for a host or bucket that is not listed where a list is set."""
        networks = self._hosts.networks + self._internal.networks
        if not self._hosts or self._hosts.names(host) or self._internal.names(host) or (address_may_tell and networks):
            return
        raise AddressNotAllowed(
            f"{shown} is not allowed: its host is not listed",
            "Add it to CALLSIFT_FETCH_HOSTS if recordings are to be fetched there",
        )

    def permitted(self, host: str, addresses: Iterable[Address]) -> list[Address]:
        """Return those addresses of a host that may be connected to.

        Raises:
            AddressNotAllowed: None may.
        """
        addresses = list(addresses)
        if found := [address for address in addresses if self._permits(host, reached(address))]:
            return found
        named = host if [host] == [str(address) for address in addresses] else f"{host} ({_joined(addresses)})"
        if all(is_public(reached(address)) for address in addresses):
            raise AddressNotAllowed(
                f"the host {named} is not allowed: it is not listed",
                "Add it to CALLSIFT_FETCH_HOSTS if recordings are to be fetched there",
            )
        if any(map(is_metadata, map(reached, addresses))):
            raise AddressNotAllowed(
                f"the host {named} is not allowed: it is no public address, and clouds give credentials there",
                "Find out who sends such events; only the address itself in CALLSIFT_FETCH_INTERNAL_HOSTS opens it",
            )
        raise AddressNotAllowed(
            f"the host {named} is not allowed: it is no public address",
            "Add the host or its network to CALLSIFT_FETCH_INTERNAL_HOSTS if recordings are meant to be fetched there",
        )

    def _permits(self, host: str, address: Address) -> bool:
        exempt = self._internal.holds(address) or (self._internal.names(host) and not is_metadata(address))
        listed = not self._hosts or self._hosts.names(host) or self._hosts.holds(address)
        return exempt or (listed and is_public(address))


def _joined(addresses: Iterable[Address]) -> str:
    return ", ".join(str(address) for address in addresses)


class GuardedResolver(AbstractResolver):
    """Gives aiohttp's connector only what may be connected to; it connects to exactly that and asks no second time."""

    def __init__(self, allowlist: Allowlist, resolver: AbstractResolver | None = None) -> None:
        """Guard ``resolver``; without one, the system's. Needs a running loop."""
        self._allowlist = allowlist
        self._resolver = resolver or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name; raises AddressNotAllowed when none of its addresses is allowed."""
        found = await self._resolver.resolve(host, port, family)
        if not found:
            raise OSError(ENOENT, "a name without an address")
        permitted = set(self._allowlist.permitted(host, [ip_address(result["host"]) for result in found]))
        return [result for result in found if ip_address(result["host"]) in permitted]

    async def close(self) -> None:
        """Close the resolver that is guarded."""
        await self._resolver.close()
