"""Signing in at an issuer in a real browser, whose cookies and Content-Security-Policy nobody plays."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from api.services import Services
from api.settings import OidcSettings
from pages.settings import PageSettings
from tests.pages.conftest import app_of
from tests.pages.serving import served
from tests.pages.test_browser import chromium, look_for_barriers, nothing_is_cut_off, tab_of
from tests.servers.oidc import AUDIENCE, CLIENT, SECRET, OidcIssuer, oidc_issuer

__all__ = ["chromium"]
pytestmark = [pytest.mark.integration, pytest.mark.slow]  # make test-slow


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    with oidc_issuer() as running:
        yield running


@pytest.fixture
def page(chromium: Browser, services: Services, issuer: OidcIssuer) -> Iterator[Page]:
    oidc = OidcSettings(issuer=issuer.address, audience=AUDIENCE)
    pages = PageSettings(oidc_client=SecretStr(f"{CLIENT}:{SECRET}"))
    with (
        served(services, app_of(services, pages, oidc)) as running,
        tab_of(chromium, running.address) as tab,
    ):
        yield tab


def test_somebody_signs_in_at_the_issuer_and_out_again(page: Page, issuer: OidcIssuer) -> None:
    page.goto("/calls?when=all")
    expect(page.locator("h1")).to_have_text("Sign in")
    look_for_barriers(page)
    nothing_is_cut_off(page)
    page.get_by_role("link", name="Sign in at").press("Enter")
    page.wait_for_url("**/calls?when=all")
    expect(page.locator(".who")).to_contain_text("ayse of")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator(".who")).to_contain_text("ayse of")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in at")).to_be_visible()


def test_a_way_back_that_is_gone_back_to_is_explained_and_leads_to_another_try(page: Page, issuer: OidcIssuer) -> None:
    issuer.denial = {"error": "access_denied"}
    page.goto("/login/issuer?next=/live", wait_until="commit")
    expect(page.get_by_role("alert")).to_contain_text("access_denied")
    look_for_barriers(page)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("not the answer to a sign-in")
    issuer.denial = None
    page.get_by_role("button", name="TR", exact=True).click()
    page.get_by_role("link", name="ile giriş yap").click()
    page.wait_for_url("**/calls*")
