"""Page tokens (AIP-158): opaque to whoever asks."""

import base64
import binascii
import json
from typing import Any

from api.problems import PlaceOfError, Problem

LARGEST_PAGE = 1000


def token(place: Any) -> str:
    """Return the token of a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def place_of(page_token: str | None) -> Any:
    """Return the place that a token names; None: the beginning.

    Raises:
        Problem: invalid-request: it is no token of ours.
    """
    if not page_token:
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(page_token + "=" * (-len(page_token) % 4)))
    except (ValueError, binascii.Error):
        raise unknown_token() from None


def unknown_token() -> Problem:
    """Return the problem that a token is not one of this list."""
    wrong = PlaceOfError(parameter="page_token", detail="Expected a next_page_token of this list")
    return Problem("invalid-request", "The page token is not one of this list", errors=[wrong])
