"""The guard against server-side request forgery: which hosts an address from outside may lead to. Pure.

Whoever connects checks an address's host here, and connects through ``streams.guarded_resolver`` alone.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from streams.errors import PermanentError
from streams.hosts import Address, HostList, is_metadata, is_name, is_public, reached


class UnknownAddress(PermanentError):
    """What is given is no address, or one of a scheme without a driver."""


class AddressNotAllowed(PermanentError):
    """The settings do not allow to connect to this scheme, host, network or folder."""


@dataclass(frozen=True)
class Lists:
    """What the settings call the lists, for the cures."""

    hosts: str
    """The setting with the hosts that alone are connected to."""
    internal_hosts: str
    """The setting with the hosts that are connected to although they are not public."""
    verb: str
    """What is done with an address, such as "fetch"."""
    correct: str
    """What is done about what is no address at all."""
    wanted: str
    """What is to happen where a list is made longer, such as "recordings are to be fetched there"."""
    meant: str
    """The same of an address that is not public, which is seldom meant."""
    senders: str
    """Whoever would send such addresses, such as "sends such events"."""


class HostGuard:
    """Decides by two lists; every refusal names the setting that would allow it."""

    def __init__(self, hosts: Collection[str], internal_hosts: Collection[str], lists: Lists) -> None:
        """Read the lists, whose entries ``streams.hosts.host_entry`` has checked.

        Args:
            hosts: What alone is connected to; empty: every public host.
            internal_hosts: What is connected to although it is not public.
            lists: What the settings call them.
        """
        self._hosts, self._internal = HostList(hosts), HostList(internal_hosts)
        self._lists = lists

    def check_host(self, host: str | None, shown: str) -> None:
        """Check the host of a web address before anything is asked, the name server included.

        Args:
            host: As the address has it, without brackets; None: it has none.
            shown: The address, as errors may show it.

        Raises:
            UnknownAddress: There is none, or it is neither a name nor an address.
            AddressNotAllowed: It is not listed, or an address that is not public.
        """
        if not host:
            raise self.no_address(shown, "no host in it")
        try:
            address = ip_address(host)
        except ValueError:
            if host.replace(".", "").isdigit():  # "127.1": some libraries take it for an address
                raise self.no_address(shown, "a part of an address of numbers") from None
            if not is_name(host):
                raise self.no_address(shown, "a host that no name server can know") from None
            self.check_name(host, shown, address_may_tell=True)
        else:
            self.permitted(host, [address])

    def check_name(self, host: str, shown: str, *, address_may_tell: bool = False) -> None:
        """Raise AddressNotAllowed for a host or bucket that is not listed where a list is set."""
        networks = self._hosts.networks + self._internal.networks
        if not self._hosts or self._hosts.names(host) or self._internal.names(host) or (address_may_tell and networks):
            return
        raise AddressNotAllowed(f"{shown} is not allowed: its host is not listed", self._add_it)

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
            raise AddressNotAllowed(f"the host {named} is not allowed: it is not listed", self._add_it)
        internal = self._lists.internal_hosts
        if any(map(is_metadata, map(reached, addresses))):
            raise AddressNotAllowed(
                f"the host {named} is not allowed: it is no public address, and clouds give credentials there",
                f"Find out who {self._lists.senders}; only the address itself in {internal} opens it",
            )
        raise AddressNotAllowed(
            f"the host {named} is not allowed: it is no public address",
            f"Add the host or its network to {internal} if {self._lists.meant}",
        )

    def no_address(self, shown: str, why: str) -> UnknownAddress:
        """Return the error for what is no address."""
        return UnknownAddress(f"cannot {self._lists.verb} {shown}: {why}", self._lists.correct)

    @property
    def _add_it(self) -> str:
        return f"Add it to {self._lists.hosts} if {self._lists.wanted}"

    def _permits(self, host: str, address: Address) -> bool:
        exempt = self._internal.holds(address) or (self._internal.names(host) and not is_metadata(address))
        listed = not self._hosts or self._hosts.names(host) or self._hosts.holds(address)
        return exempt or (listed and is_public(address))


def _joined(addresses: Iterable[Address]) -> str:
    return ", ".join(str(address) for address in addresses)
