"""One page for one request: its language and theme, and how a template becomes an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.access import Principal, Right
from api.access.code_flow import CodeFlow
from api.access.sessions import COOKIE, TOKEN_FIELD, token_of
from pages.settings import PageSettings
from pages.static_files import StaticFolder
from pages.words import CODES, Language, preferred

LANGUAGE_COOKIE, THEME_COOKIE = "callsift_language", "callsift_theme"
Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")


@dataclass(frozen=True)
class Section:
    """A section of the pages, as the navigation has it."""

    name: str
    """Its text is ``section.NAME``, its mark ``#icon-NAME``."""
    path: str
    right: Right
    """Who may see it."""


class Pages:
    """What all pages are made with."""

    def __init__(
        self,
        settings: PageSettings,
        sections: tuple[Section, ...],
        static: StaticFolder,
        code_flow: CodeFlow | None = None,
    ) -> None:
        """Load templates when they are wanted; ``sections`` are in the navigation, in this order.

        ``code_flow`` is how people sign in at an issuer; None: they do not.
        """
        self.settings = settings
        self.code_flow = code_flow
        self.sections = sections
        self.templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,  # transcripts, names and labels are anybody's text: nothing is ever marked as safe
            undefined=StrictUndefined,
            auto_reload=False,  # a template belongs to the code that it was installed with
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals |= {"static": static.address, "in_path": lambda text: quote(text, safe="")}


@dataclass(frozen=True)
class Page:
    """A page that is asked for."""

    request: Request
    pages: Pages

    @cached_property
    def language(self) -> Language:
        """The language: as a cookie says, or else the browser."""
        chosen, settings = self.request.cookies.get(LANGUAGE_COOKIE), self.pages.settings
        if chosen not in CODES:
            chosen = preferred(self.request.headers.get("accept-language", ""), settings.language)
        return Language(chosen, settings.zone)

    @property
    def theme(self) -> Theme:
        """The theme: as a cookie says, or else as the system is."""
        chosen = self.request.cookies.get(THEME_COOKIE)
        return chosen if chosen in THEMES else "system"

    @property
    def address(self) -> str:
        """Path and query of the page itself."""
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    def answer(self, template: str, who: Principal | None = None, status: int = 200, **view: object) -> HTMLResponse:
        """Return a page with what a template needs besides what every page has; ``who`` looks at it."""
        session_id = self.request.cookies.get(COOKIE)
        content: Mapping[str, Any] = {
            "page": self,
            "who": who,
            "t": self.language.t,
            "say": self.language,
            "sections": [one for one in self.pages.sections if who is not None and who.may(one.right)],
            "token_field": TOKEN_FIELD,
            "token": token_of(session_id) if session_id else "",
            "is_signed_in": session_id is not None,
            "again": self.address if self.request.method == "GET" else "/",
            **view,
        }
        return HTMLResponse(self.pages.templates.get_template(template).render(content), status)


def _asked(request: Request) -> Page:
    return Page(request, request.app.state.pages)


Asked = Annotated[Page, Depends(_asked)]
"""The page, as a parameter of a route."""
