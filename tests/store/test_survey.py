"""Calls counted in several ways in one reading, in each store."""

from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from store.calls import OutcomeStore
from store.database import Database
from store.search import CallQuery, CallSearch
from store.settings import StoreSettings
from store.stats import Dimension, survey
from tests.store.calls import CALLS, fill
from tests.store.outcomes import done

ISTANBUL = ZoneInfo("Europe/Istanbul")


@pytest.mark.parametrize("value", [1e303, "1450", True])
async def test_what_is_no_value_is_counted_as_none(mongo_uri: str, value: object) -> None:
    database = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    odd = done("odd", "odd").model_copy(update={"facts": {"value": value, "currency": "TRY"}})
    await OutcomeStore(database).save(odd)
    found = await survey(CallSearch(database), CallQuery(), (), (), ISTANBUL)
    assert found.everything.values == {}
    database.close()


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
