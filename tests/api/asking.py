"""Asking the API from this machine, as somebody with rights and a scope of their own where a test says whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
from fastapi import Request

from api.access import Principal
from api.access.authentication import Authentication
from api.app import make_app
from api.services import Services


class As(Authentication):
    """Takes every request for somebody's."""

    def __init__(self, who: Principal) -> None:
        """Say whose."""
        self._who = who

    async def principal(self, request: Request) -> Principal:
        """Return who it is."""
        return self._who


@asynccontextmanager
async def asking(services: Services, who: Principal | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Ask as somebody; None: as whomever the services take a request for."""
    asked = services if who is None else replace(services, authentication=As(who))
    transport = httpx.ASGITransport(make_app(asked), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
