"""Reading what call-backs are told from: the calls of some days, and those of and to their callers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from pages.call_backs.view import CallBack, call_backs, customers_number
from schemas import CallOutcome
from store.database import Document
from store.search import CallQuery, CallSearch
from streams.callers import forms_of

_BACK = timedelta(days=30)
"""How old a call may be whose customer still waits."""
MOST = 500
"""Wishes that are looked at, with all calls of their callers."""


async def find_call_backs(
    search: CallSearch, within: CallQuery, now: datetime, most: int | None = MOST
) -> tuple[list[CallBack], bool]:
    """Return what became of each caller's wish to be called back, and whether there were more than are looked at.

    Args:
        search: The calls.
        within: Those that may be seen.
        now: The time.
        most: Wishes that are looked at, the newest ones; None: all.

    Raises:
        SearchTooSlow: It took longer than the store's time-out.
        MongoUnavailable: MongoDB did not answer.
    """
    query = replace(within, ended_since=now - _BACK)
    wished = replace(query, callback_since=now - _BACK)
    wishes = await _all(search, wished) if most is None else _outcomes(await search.page(wished, most))
    written = {number for wish in wishes if (number := customers_number(wish)) is not None}
    numbers = sorted({form for number in written for form in (number, *forms_of(number))})
    calls = []
    for place in ("outcome.caller", "outcome.metadata.called") if numbers else ():
        calls += await _all(search, replace(query, among={**query.among, place: numbers}))
    return call_backs(wishes, calls, now), len(wishes) == most


async def _all(search: CallSearch, query: CallQuery) -> list[CallOutcome]:
    return [outcome async for page in search.pages(query, MOST) for outcome in _outcomes(page)]


def _outcomes(documents: Iterable[Document]) -> list[CallOutcome]:
    return [CallOutcome.model_validate(document["outcome"]) for document in documents]
