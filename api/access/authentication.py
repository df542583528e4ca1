"""Who asks: found from the request, or refused."""

import ipaddress

from fastapi import Request

from api.access.principal import Principal, Right
from api.problems import Problem

_THIS_MACHINE = Principal("this machine", frozenset(Right))


class Authentication:
    """Finds out who asks. While nobody has a key and no issuer is named, whoever is on this machine may do all."""

    async def principal(self, request: Request) -> Principal:
        """Return who asks.

        Raises:
            Problem: Nobody who is known.
        """
        if request.client is not None and _is_loopback(request.client.host):
            return _THIS_MACHINE
        raise Problem(
            "unauthenticated",
            "The request comes from another machine, and nobody has a key yet",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
