"""Hosts and their addresses: which are public, and which are on a list of the settings."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

_LONGEST_NAME = 253
_PART = re.compile(r"[A-Za-z0-9_-]{1,63}")
_NAT64 = IPv6Network("64:ff9b::/96")
_METADATA = frozenset(
    ip_address(text)
    for text in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure's WireServer: a public address, answered by the host
        "192.0.0.192",  # Oracle Cloud, old
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google Cloud
    )
)  # all others are link-local


_ENTRY = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?")


def host_entry(text: str) -> str:
    """Check one entry of a list of hosts: a name, ``*.`` and a domain, an address, or a network.

    Raises:
        ValueError: It is none of them.
    """
    name = text.lower().rstrip(".")
    numeric = ":" in name or name.replace(".", "").replace("/", "").isdigit()
    if numeric:
        return str(ip_network(name))
    if not _ENTRY.fullmatch(name):
        raise ValueError(f"{text!r} is no host name, no *.domain, no address and no network")
    return name


def is_metadata(address: Address) -> bool:
    """Whether a cloud may answer there with the machine's own credentials."""
    return address.is_link_local or address in _METADATA


def is_public(address: Address) -> bool:
    """Whether an address is an ordinary one of the internet."""
    special = address.is_multicast or address.is_reserved or is_metadata(address)
    return address.is_global and not special and not (isinstance(address, IPv6Address) and address.is_site_local)


def reached(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address is translated or tunnelled to, or else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class HostList:
    """One of the settings' lists of hosts."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Take entries that the settings have checked."""
        entries = tuple(entries)
        self.networks = tuple(ip_network(entry) for entry in entries if "/" in entry)
        self._names = frozenset(entry for entry in entries if "/" not in entry and not entry.startswith("*."))
        self._domains = tuple(entry[1:] for entry in entries if entry.startswith("*."))

    def __bool__(self) -> bool:
        return bool(self.networks or self._names or self._domains)

    def names(self, host: str) -> bool:
        """Whether a host is listed by its name."""
        host = host.lower().rstrip(".")
        return host in self._names or host.endswith(self._domains)

    def holds(self, address: Address) -> bool:
        """Whether an address is listed, itself or by its network; one that may tell credentials only by itself."""
        alone = is_metadata(address)
        return any(address in network and (network.num_addresses == 1 or not alone) for network in self.networks)


def is_name(host: str) -> bool:
    """Tell whether a name server may know a host: 253 characters at the most, in parts of 63, without odd ones."""
    return len(host) <= _LONGEST_NAME and all(map(_PART.fullmatch, host.removesuffix(".").split(".")))
