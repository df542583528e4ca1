"""Lists of calls, page by page."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from api.access import Principal, Requires, Right
from api.calls.filters import CallFilters
from api.calls.resource import Call
from api.page_tokens import LARGEST_PAGE
from api.services import Services, Used
from schemas import CallOutcome
from store.database import Document
from store.search import CallSearch

router = APIRouter(prefix="/v1", tags=["calls"])
_OF_THE_PAGE = {"page_size", "page_token"}


class ListParameters(CallFilters):
    """Which calls, and which page of them."""

    page_size: NonNegativeInt = Field(default=0, examples=[100])
    """Calls on a page, 1000 at the most: more is lowered. 0 or nothing: as the settings say."""
    page_token: str | None = Field(default=None, max_length=2000)
    """Where to go on, from ``next_page_token``. Everything but ``page_size`` has to be as it was."""


class Calls(BaseModel):
    """A page of calls."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    calls: tuple[Call, ...]
    """The calls with an outcome, the one that ended last first."""
    next_page_token: str | None = None
    """Gets the next page; null: there is none."""


@router.get("/calls", response_model=Calls)
async def list_calls(
    request: Request,
    parameters: Annotated[ListParameters, Query()],
    services: Used,
    who: Annotated[Principal, Depends(Requires(Right.VIEW))],
) -> Response:
    """List calls that have an outcome, the newest first; a call that is corrected between two pages may be missed.

    The header ``Link`` has the next page, too (``rel="next"``).
    """
    question = parameters.model_dump(mode="json", exclude=_OF_THE_PAGE)
    page = await page_of_calls(services, who, parameters, question, parameters.page_size, parameters.page_token)
    headers = dict[str, str]()
    if page.next_page_token is not None:
        url = request.url.include_query_params(page_token=page.next_page_token)
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    body = await asyncio.to_thread(page.model_dump_json)
    return Response(body, headers=headers, media_type="application/json")


async def page_of_calls(
    services: Services,
    who: Principal,
    filters: CallFilters,
    question: object,
    size: int,
    token: str | None,
    *,
    oldest_first: bool = False,
) -> Calls:
    """Return a page of the calls that filters mean; tokens fit the ``question``, which anything that JSON holds may be.

    Raises:
        Problem: invalid-request; bad-request: the token does not fit.
        MongoUnavailable: The store did not answer.
    """
    query, size = filters.query(who), min(size or services.settings.page_size, LARGEST_PAGE)
    tokens = await services.page_tokens.ready(services.database)
    after = None if token is None else tokens.read(token, who, question)
    found = await CallSearch(services.database).page(query, size + 1, after, oldest_first=oldest_first)
    more = tokens.made(found[size - 1]["search"]["order"], who, question) if len(found) > size else None
    # a large page takes a tenth of a second, for which everybody else would wait
    return Calls(calls=await asyncio.to_thread(_shown, found[:size], who), next_page_token=more)


def _shown(documents: list[Document], who: Principal) -> tuple[Call, ...]:
    return tuple(Call.of(CallOutcome.model_validate(document["outcome"]), who) for document in documents)
