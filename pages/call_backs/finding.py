"""Reading what call-backs are told from: the calls of some days, and those of and to their callers."""

from dataclasses import replace
from datetime import datetime, timedelta

from pages.call_backs.view import CallBack, call_backs
from schemas import CallOutcome
from store.search import CallQuery, CallSearch
from streams.callers import forms_of

_BACK = timedelta(days=30)
"""How old a call may be whose customer still waits."""
MOST = 500
"""Calls that are looked at."""


async def find_call_backs(search: CallSearch, within: CallQuery, now: datetime) -> tuple[list[CallBack], bool]:
    """Return what became of each caller's wish to be called back, and whether there were more than are looked at.

    Args:
        search: The calls.
        within: Those that may be seen.
        now: The time.

    Raises:
        SearchTooSlow: It took longer than the store's time-out.
        MongoUnavailable: MongoDB did not answer.
    """
    query = replace(within, ended_since=now - _BACK)
    wishes = await _outcomes(search, replace(query, callback_since=now - _BACK))
    numbers = sorted(
        {form for wish in wishes if wish.caller is not None for form in (wish.caller, *forms_of(wish.caller))}
    )
    calls = []
    for place in ("outcome.caller", "outcome.metadata.called") if numbers else ():
        calls += await _outcomes(search, replace(query, among={**query.among, place: numbers}))
    return call_backs(wishes, calls, now), len(wishes) == MOST


async def _outcomes(search: CallSearch, query: CallQuery) -> list[CallOutcome]:
    found = await search.page(query, MOST)
    return [CallOutcome.model_validate(document["outcome"]) for document in found]
