"""The guard of ``streams.host_guard`` where it counts: between the name server and the connection."""

from errno import ENOENT
from ipaddress import ip_address
from socket import AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from streams.host_guard import HostGuard


class GuardedResolver(AbstractResolver):
    """Gives aiohttp's connector only what may be connected to; it connects to exactly that and asks no second time."""

    def __init__(self, guard: HostGuard, resolver: AbstractResolver | None = None) -> None:
        """Guard ``resolver``; without one, the system's. Needs a running loop."""
        self._guard = guard
        self._resolver = resolver or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name; raises AddressNotAllowed when none of its addresses is allowed."""
        found = await self._resolver.resolve(host, port, family)
        if not found:
            raise OSError(ENOENT, "a name without an address")
        permitted = set(self._guard.permitted(host, [ip_address(result["host"]) for result in found]))
        return [result for result in found if ip_address(result["host"]) in permitted]

    async def close(self) -> None:
        """Close the resolver that is guarded."""
        await self._resolver.close()


def guarded_connector(
    guard: HostGuard, resolver: AbstractResolver | None = None, *, keep_alive: bool = True
) -> aiohttp.TCPConnector:
    """Return a connector whose every name is resolved anew and guarded. Needs a running loop.

    Args:
        guard: What may be connected to; an address instead of a name is not resolved: ``HostGuard.check_host`` it.
        resolver: Asks for the addresses of hosts instead of the system's name service.
        keep_alive: Whether connections are used for more than one request.
    """
    # no limit of its own: whoever asks limits how much is asked at once
    return aiohttp.TCPConnector(
        resolver=GuardedResolver(guard, resolver), use_dns_cache=False, limit=0, force_close=not keep_alive
    )
