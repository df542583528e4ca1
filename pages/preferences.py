"""Language and theme, kept in cookies of the browser."""

from typing import Annotated, Literal

from fastapi import Form
from fastapi.responses import RedirectResponse

from pages.page import LANGUAGE_COOKIE, THEME_COOKIE, Theme
from pages.routes import SEE_OTHER, local, page_router

_A_YEAR_S = 365 * 24 * 3600
router = page_router()


@router.post("/preferences")
async def choose(
    language: Annotated[Literal["en", "tr"] | None, Form()] = None,
    theme: Annotated[Theme | None, Form()] = None,
    following: Annotated[str | None, Form(alias="next")] = None,
) -> RedirectResponse:
    """Keep a choice, and show the same page again."""
    answer = RedirectResponse(local(following), SEE_OTHER)
    for cookie, chosen in ((LANGUAGE_COOKIE, language), (THEME_COOKIE, theme)):
        if chosen is not None:
            answer.set_cookie(cookie, chosen, max_age=_A_YEAR_S, httponly=True, samesite="lax")
    return answer
