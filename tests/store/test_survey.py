"""Calls counted in several ways in one reading, in each store."""

from collections import Counter
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from store.calls import OutcomeStore
from store.database import Database
from store.search import CallQuery, CallSearch
from store.settings import StoreSettings
from store.stats import Dimension, survey
from tests.store.calls import CALLS, fill

ISTANBUL = ZoneInfo("Europe/Istanbul")


async def test_one_reading_counts_in_every_way_that_is_asked_for(mongo_uri: str) -> None:
    database = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    await fill(OutcomeStore(database))
    ways: tuple[tuple[Dimension, ...], ...] = (("hour", "category"), ("queue",))
    found = await survey(CallSearch(database), CallQuery(), ("category",), ways, ISTANBUL)
    outcomes = [outcome for outcome, _ in CALLS]
    hours = [one.ended_at and f"{one.ended_at.astimezone(ISTANBUL):%H}" for one in outcomes]
    assert found.counts[0] == Counter(zip(hours, [one.category for one in outcomes], strict=True))
    assert found.counts[1] == Counter((one.queue,) for one in outcomes)
    assert found.everything.calls == sum(figures.calls for figures in found.groups.values()) == len(outcomes)
    database.close()
