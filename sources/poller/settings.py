"""Settings of a PBX that is asked for its calls."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from sources.fields import ZoneName

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "3cx": {
        "token_path": "/connect/token",
        "list_path": "/xapi/v1/Recordings",
        "query": {"$orderby": "Id asc", "$top": "100"},
        "start": {"$filter": "StartTime ge {since}"},
        "after": {"$filter": "Id gt {cursor}"},
        "items": "value",
        "key": "Id",
        "mapping": "3cx-recordings",
    }
}
"""What is known of how a PBX is asked; whatever the file says of a field wins."""


class PollerSource(BaseModel):
    """A PBX with a list of calls or recordings; ``callsift source poller`` asks for what is new."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    url: str = Field(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$")
    """Address of the PBX, such as https://pbx.example.com: all that is asked begins with it."""
    preset: Literal["3cx"] | None = None
    """What is known of how it is asked: 3cx is 3CX V20. Each of its fields may be set otherwise."""
    list_path: str = Field(pattern=r"^/[^?#\s]*$")
    """Where the list is, behind the address."""
    query: dict[str, str] = {}
    """What every question has behind the ``?``: the order, by the key upwards, and how many items are wanted."""
    start: dict[str, str] = {}
    """What a question has besides before anything is known; {since} is a day before the moment from which on calls are
    taken, since that is when one may have begun."""
    after: dict[str, str]
    """What a question has besides later on; {cursor} is the key after which items are wanted."""
    items: str = "@"
    """JMESPath of the items in an answer."""
    key: str
    """JMESPath of an item's key: a number or a text by which the list is in order."""
    mapping: str
    """Name of a mapping that is shipped, or the file of one's own; its ``body`` is the item."""
    time_zone: ZoneName | None = None
    """Time zone of moments without an offset, where the mapping does not say."""
    recordings: str | None = Field(default=None, min_length=1)
    """Where the addresses of recordings begin that the PBX names by their files alone. Unset: with ``url``."""
    call_id_prefix: str = Field(default="", max_length=40)
    """Put before every call's identifier, where several PBXs may give the same."""
    login: Literal["client_credentials", "bearer", "basic"] = "client_credentials"
    """How it is asked: with a token of OAuth 2.0 for the client's secret, with the secret itself as the token, or with
    name and secret (HTTP Basic)."""
    token_path: str = Field(default="/oauth/token", pattern=r"^/[^?#\s]*$")
    """Where the PBX gives tokens, behind the address."""
    client_id: str = ""
    """Name of the client."""
    secret_file: Path
    """File with its secret; read whenever it is sent."""
    scope: str | None = None
    """What the token is to be good for, if the PBX wants to know."""
    ca_file: Path | None = None
    """PEM file of the authority that the PBX's certificate comes from. Unset: those that the system trusts."""
    poll_s: PositiveFloat = 30.0
    """Seconds from one look to the next."""
    overlap_s: PositiveFloat = 600.0
    """Seconds for which an item is asked for again: so long after its successors it may be put into the list."""
    missing_s: PositiveFloat = 3600.0
    """Seconds that a recording may be missing; after that the call is handed in without it."""
    downloads: PositiveInt = 4
    """How many recordings are downloaded at once."""

    @model_validator(mode="before")
    @classmethod
    def _with_its_preset(cls, given: Any) -> Any:
        known = PRESETS.get(str(given.get("preset"))) if isinstance(given, dict) else None
        return {**known, **given} if known else given
