"""The pages on this machine, asked as a browser asks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from api.access import Right, Role, Scope
from api.access.authentication import Authentication
from api.access.issuer import Issuer
from api.access.keys import Keys, new_key
from api.access.sessions import Sessions
from api.app import make_app
from api.services import Services
from api.settings import ApiSettings, OidcSettings
from pages.app import add_pages
from pages.settings import PageSettings
from store.api_keys import ApiKeyStore
from store.sessions import SessionStore
from tests.api.conftest import broker, embedded_mongo, routes_made_once, services

__all__ = ["broker", "embedded_mongo", "routes_made_once", "services"]
ADDRESS = "http://localhost"
OWN = {"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form of ours."""
SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


def app_of(services: Services, pages: PageSettings | None = None, oidc: OidcSettings | None = None) -> FastAPI:
    """Return the API and the pages, with sessions."""
    keys = Keys(ApiKeyStore(services.database))
    sessions = Sessions(SessionStore(services.database), keys, oidc.issuer if oidc else None)
    authentication = Authentication(keys, Issuer(oidc) if oidc else None, sessions)
    settings = ApiSettings(requests_per_minute=10_000, refusals_per_minute=10_000)
    services = replace(services, settings=settings, authentication=authentication)
    app = make_app(services)
    add_pages(app, pages or PageSettings())
    return app


@pytest.fixture
async def app(services: Services) -> AsyncIterator[FastAPI]:
    made = app_of(services)
    async with made.state.services.running():
        yield made


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on this machine, signed in nowhere."""
    async with _browser(app) as asking:
        yield asking


@pytest.fixture
async def signed_in(app: FastAPI, services: Services) -> AsyncIterator[SignIn]:
    """Sign in on another machine with a new key of a role."""
    opened: list[httpx.AsyncClient] = []

    async def made(role: Role, scope: Scope | None = None, *rights: Right) -> httpx.AsyncClient:
        key, text = new_key("test", role, frozenset(rights), scope or Scope(), datetime.now(UTC), None)
        await ApiKeyStore(services.database).add(key)
        asking = _browser(app, "192.0.2.7")
        opened.append(asking)
        answer = await asking.post("/login", data={"key": text, "next": "/calls"}, headers=OWN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/calls")
        return asking

    yield made
    for asking in opened:
        await asking.aclose()


def _browser(app: FastAPI, address: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers={"Accept-Language": "en"})
