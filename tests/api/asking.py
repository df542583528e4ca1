"""Asking the API as somebody with rights and a scope of their own."""

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
async def asking(services: Services, who: Principal) -> AsyncIterator[httpx.AsyncClient]:
    """Ask as somebody."""
    transport = httpx.ASGITransport(make_app(replace(services, authentication=As(who))), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
