"""Which endpoints outcomes may be posted to: for whoever takes an endpoint, and for whoever posts to it."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, FilePath

from streams.host_guard import AddressNotAllowed, HostGuard, Lists
from streams.hosts import host_entry
from streams.payloads import public_address

Hosts = tuple[Annotated[str, AfterValidator(host_entry)], ...]
_FILE = "CALLSIFT_SOURCES_FILE"
_CORRECT = "Correct the endpoint's url: https, a host, and no user or password in it"
_LISTS = Lists(
    hosts=f"endpoints.hosts in {_FILE}",
    internal_hosts=f"endpoints.internal_hosts in {_FILE}",
    verb="post to",
    correct=_CORRECT,
    wanted="outcomes are to be posted there",
    meant="outcomes are meant to be posted there",
    senders="made the endpoint, or changed where its name leads",
)


class EndpointSettings(BaseModel):
    """Which endpoints may be posted to (docs/webhooks.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    schemes: tuple[Literal["https", "http"], ...] = ("https",)
    """With http, whoever listens on the way reads what is posted."""
    hosts: Hosts = ()
    """Hosts (names, *.domain, addresses, networks) that alone are posted to. Empty: every public host."""
    internal_hosts: Hosts = ()
    """Hosts and networks that are posted to although they are loopback, private or otherwise not public. Link-local and
    metadata addresses must be listed one by one, as addresses."""
    ca_file: FilePath | None = None
    """PEM file of the authorities that the endpoints' certificates come from. Unset: those that the system trusts."""


def make_guard(settings: EndpointSettings) -> HostGuard:
    """Return what decides which hosts are posted to."""
    return HostGuard(settings.hosts, settings.internal_hosts, _LISTS)


def check_address(settings: EndpointSettings, address: str) -> None:
    """Check an endpoint's address as far as can be without asking a name server.

    Raises:
        UnknownAddress: It is none, or has a user or a password in it.
        AddressNotAllowed: The settings do not allow it.
    """
    guard, shown = make_guard(settings), public_address(address)
    try:
        parts = urlsplit(address)
        host, has_user, _ = parts.hostname or "", "@" in parts.netloc, parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        raise guard.no_address(shown, "it cannot be read") from None
    if not address.isprintable() or " " in address or parts.scheme not in {"http", "https"}:
        raise guard.no_address(shown, "it is neither https nor http")
    if has_user:
        raise guard.no_address(shown, "a user or a password in it")
    if parts.scheme not in settings.schemes:
        raise AddressNotAllowed(
            f"{shown} is not allowed: its scheme is not listed",
            f"Use https, or add {parts.scheme} to endpoints.schemes in {_FILE}",
        )
    guard.check_host(host, shown)
