"""An endpoint as the API shows it, and who may see which."""

import json
import secrets
from base64 import b64encode
from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Principal
from api.problems import PlaceOfError, Problem
from api.services import Services
from sources.endpoint_settings import check_address
from store.webhook_endpoints import Endpoint, EndpointStore, Filters, Secret, SwitchedOff
from streams.host_guard import AddressNotAllowed, UnknownAddress

_SECRET_BYTES = 32
"""The standard asks for 24 to 64."""


class Shown(BaseModel):
    """What both sides of the API say of an endpoint."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(min_length=1, max_length=2000, examples=["https://crm.example.com/hooks/callsift"])
    """Where outcomes are posted: https, a public host unless CALLSIFT_SOURCES_FILE allows others, no user in it."""
    description: str = Field(default="", max_length=500)
    """What it is for."""
    enabled: bool = True
    """Whether anything is posted."""
    filters: Filters = Filters()
    """Which outcomes it is told of; unless given, all that you may see."""
    include_transcript: bool = False
    """Whether the redacted transcript is posted, too; otherwise nothing that was said."""


class NewEndpoint(Shown):
    """An endpoint as it is made."""


class EndpointChange(BaseModel):
    """What is changed of an endpoint: the fields that are given."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid", hide_input_in_errors=True)

    url: str | None = Field(default=None, min_length=1, max_length=2000)
    """Where outcomes are posted from now on, those that wait included."""
    description: str | None = Field(default=None, max_length=500)
    """What it is for."""
    enabled: bool | None = None
    """false: nothing is posted, and nothing is queued. true: again, also where callsift had switched it off; what was
    published meanwhile is not queued: replay it."""
    filters: Filters | None = None
    """Which outcomes it is told of from now on; it takes the place of the filters before."""
    include_transcript: bool | None = None
    """Whether the transcript is posted, too."""


class WebhookEndpoint(Shown):
    """An endpoint that outcomes are posted to."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str = Field(examples=["webhook-endpoints/019aa0c1f2b38c1d2e3f"])
    """Its address is ``/v1/`` and this."""
    by: str
    """Who made it: it is told of the calls that they might see then."""
    created_at: AwareDatetime
    """When it was made. It is told of what was published since."""
    failing_since: AwareDatetime | None = None
    """Since when it has taken nothing; null: what was posted last was taken, or nothing was posted yet."""
    off: SwitchedOff | None = None
    """Since when and why callsift posts nothing more to it; null: it does. enabled: true ends that."""
    replay_since: AwareDatetime | None = None
    """Since when outcomes are being queued once more; null: they are not, or are by now."""
    secrets: int
    """How many secrets sign: two or more while one takes the place of another."""

    @classmethod
    def of(cls, endpoint: Endpoint, now: datetime) -> Self:
        """Show an endpoint as it is now."""
        same = endpoint.model_dump(include=cls.model_fields.keys() - {"secrets", "filters", "off"})
        signing = len(endpoint.signing(now))
        name = f"webhook-endpoints/{endpoint.id}"
        return cls(**same, name=name, secrets=signing, filters=endpoint.filters, off=endpoint.off)


class WithSecret(WebhookEndpoint):
    """An endpoint, with the secret that was just made for it."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])
    """What its deliveries are signed with. It is shown this once."""


def new_secret(now: datetime) -> Secret:
    """Return a secret of Standard Webhooks, of 32 random bytes."""
    return Secret(value="whsec_" + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode(), created_at=now)


def scope_of(who: Principal) -> str:
    """Return whose calls somebody may see, as endpoints keep it."""
    return json.dumps(who.scope.query(), sort_keys=True)


def may_see(who: Principal, endpoint: Endpoint) -> bool:
    """Tell whether somebody sees an endpoint: one of their own scope, or any if they see every call."""
    return who.scope.is_everywhere or endpoint.scope == scope_of(who)


async def endpoint_of(services: Services, who: Principal, endpoint_id: str) -> Endpoint:
    """Return an endpoint that somebody may see.

    Raises:
        Problem: not-found: there is none, or it is not theirs.
        MongoUnavailable: The store did not answer.
    """
    found = await EndpointStore(services.database).find(endpoint_id)
    if found is not None and may_see(who, found):
        return found
    raise Problem("not-found", "There is no such webhook endpoint that you may see")


def require_address(services: Services, url: str) -> None:
    """Refuse an address that nothing would be posted to; where a name leads is looked at when something is posted.

    Raises:
        Problem: invalid-request.
    """
    try:
        check_address(services.endpoints, url)
    except (AddressNotAllowed, UnknownAddress) as refused:
        where = [PlaceOfError(pointer="#/url", detail=refused.cure)]
        raise Problem("invalid-request", refused.message, cure=refused.cure, errors=where) from None
