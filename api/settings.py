"""Settings of the API."""

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, PositiveInt, model_validator
from pydantic_settings import SettingsConfigDict

from streams.settings import Days, ListenAddress, Section, address_and_port


class ApiSettings(Section):
    """How the API listens, and how much it takes at once."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_API_")

    listen: ListenAddress = "127.0.0.1:8080"
    """Address and port that the API listens on; port 0 takes any free one. While nobody has a key and no issuer is
    named, only this machine is answered, and only where the address is one of its own, such as 127.0.0.1."""
    body_limit_kb: PositiveInt = Field(default=1024, le=16 * 1024)
    """Size in KiB of the largest body of a request that uploads no recording."""
    upload_limit_mb: PositiveInt = 200
    """Size in MB of the largest upload of a call's recordings, all parts together."""
    batch_size: PositiveInt = Field(default=500, le=5000)
    """Calls that may be handed in with one request."""
    page_size: PositiveInt = Field(default=50, le=1000)
    """Items on a page of a list, where the request does not say."""
    streams: PositiveInt = 500
    """Streams of outcomes that one process of the API keeps open; more get 429."""
    streams_each: PositiveInt = 20
    """Streams of outcomes that one process of the API keeps open for one key or person; more get 429."""
    stream_buffer: PositiveInt = 1000
    """Outcomes that wait in memory for a slow reader of a stream; after that many it is dropped, and may resume."""

    calls_under_way: PositiveInt = 100_000
    """Calls without an outcome of which one process of the API remembers where they are, about 1 KB each; of those that
    it was not asked for it learns with the first question, and of more it forgets the oldest."""
    audit_days: Days = 365.0
    """Days that the store keeps who read, heard or changed what; 0: for ever. The topic calls.audit keeps it 90."""
    requests_per_minute: PositiveInt = 600
    """Requests in a minute that one process of the API answers of one key or person; more get 429."""
    refusals_per_minute: PositiveInt = 60
    """Requests in a minute without a valid key or token that one address is told of with 401; more get 429. Behind a
    proxy all come from the proxy's address."""

    @property
    def listens_on(self) -> tuple[str, int]:
        """Address and port of the API."""
        return address_and_port(self.listen)


class OidcSettings(Section):
    """Whose tokens (OpenID Connect) say who somebody is."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_OIDC_")

    issuer: str | None = Field(default=None, min_length=1)
    """Address of the issuer, exactly as its tokens have it in iss; https, or http on this machine. Unset: no tokens."""
    audience: str | None = Field(default=None, min_length=1)
    """What tokens for callsift have in aud."""
    keys_host: str | None = Field(default=None, min_length=1)
    """Host, and port if it has one, that the issuer's keys may come from, where that is not the issuer's own."""
    role_claim: str = "callsift_role"
    """Claim with one of the roles, or a list of which the known ones count; without one, nothing is allowed."""
    rights_claim: str = "callsift_rights"
    """Claim with a list of what is allowed besides: listen, see_number."""
    queues_claim: str | None = Field(default=None, min_length=1)
    """Claim with the queues whose calls may be seen; "*" are all, and without the claim none. Unset: all."""
    agents_claim: str | None = Field(default=None, min_length=1)
    """Claim with the agents whose calls may be seen, such as a person's own agent id; "*" are all, and without the
    claim none. Unset: all."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer is None:
            return self
        if self.audience is None:
            raise ValueError("CALLSIFT_OIDC_ISSUER needs CALLSIFT_OIDC_AUDIENCE: other services' tokens open nothing")
        address = urlsplit(self.issuer)
        if not address.hostname or not (
            address.scheme == "https" or (address.scheme == "http" and is_this_machine(address.hostname))
        ):
            raise ValueError("CALLSIFT_OIDC_ISSUER is https://…, or http://… on this machine")
        return self


def is_this_machine(host: str) -> bool:
    """Tell whether a name or an address is the machine's own, whatever its network is."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        mapped = getattr(address, "ipv4_mapped", None)  # who comes by IPv4 where both families are listened on
        return (mapped or address).is_loopback
    except ValueError:
        return host.lower() == "localhost"
