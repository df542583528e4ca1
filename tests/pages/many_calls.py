"""Calls of some weeks as a call centre has them: seeded, with a change of the prompt, a bad day, and facts of some."""

import argparse
import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from api.access import Principal
from api.access.authentication import Authentication
from api.services import Services
from api.settings import ApiSettings
from pages.review.sampling import DrawForm, draw_sample
from pages.settings import PageSettings
from schemas import CallOutcome, LeafName
from store.database import Database
from store.labels import LabelStore, stored_label
from store.samples import Reading, Sample, SampleStore
from store.searchable import searchable
from store.settings import StoreSettings
from streams.payloads import ClaimCheckStore
from streams.settings import KafkaSettings
from tests.schemas.examples import call_failed, call_outcome
from tests.store.annotations import label

PROMPT_CHANGED, BAD_DAY = 20, 4
"""Days before the last one."""
_LEAVES = (
    ("potential_customer", None, 34),
    ("unnecessary_call", "price_research", 17),
    ("unnecessary_call", "service_fee_rejected", 12),
    ("unnecessary_call", "guaranteed_product", 9),
    ("unnecessary_call", "complaint", 6),
    ("unnecessary_call", "call_later", 5),
    ("unnecessary_call", "irrelevant_sector", 4),
    ("empty_call", None, 6),
    ("uncertain", None, 7),
)
_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 7, 7, 5, 5, 6, 6, 5, 4, 3, 2, 1, 0.5, 0.3, 0.1)
_WEEKDAYS = (1.3, 1.2, 1.1, 1.0, 1.0, 0.6, 0.25)
QUEUES = ("istanbul", "ankara", "izmir", "night")


def calls(last: datetime, days: int, a_day: int, seed: int = 17) -> Iterator[CallOutcome]:
    """Yield the calls of so many days up to the one of ``last``, some ``a_day``."""
    chance = random.Random(seed)
    for back in range(days - 1, -1, -1):
        day = (last - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)
        for number in range(round(a_day * _WEEKDAYS[day.weekday()] * chance.uniform(0.85, 1.15))):
            yield _call(chance, f"pbx-{back:03}-{number:04}", day, back)


def _call(chance: random.Random, call_id: str, day: datetime, back: int) -> CallOutcome:
    [hour] = chance.choices(range(24), _HOURS)
    [queue] = chance.choices(QUEUES, (50, 28, 20, 1))
    told: dict[str, Any] = {
        "call_id": call_id,
        "outcome_id": f"outcome-of-{call_id}",
        "revision": 1,
        "ended_at": day + timedelta(hours=hour, seconds=chance.uniform(0, 3599)),
        "queue": queue,
        "agent_id": f"agent-{chance.randrange(12):02}",
    }
    if chance.random() < 0.01:
        return call_failed().model_copy(update=told)
    weights = [weight * (2.6 if sub == "price_research" and back == BAD_DAY else 1) for _, sub, weight in _LEAVES]
    if back < PROMPT_CHANGED:
        weights[-1] *= 0.55
    [(category, sub, _)] = chance.choices(_LEAVES, weights)
    outcome = call_outcome()
    assert outcome.versions is not None and outcome.recording_facts is not None and outcome.usage is not None
    facts: dict[str, Any] = {}
    if category in {"potential_customer", "unnecessary_call"} and chance.random() < 0.7:
        facts["job_booked"] = chance.random() < (0.62 if category == "potential_customer" else 0.03)
        if facts["job_booked"]:
            facts |= {"value": round(chance.lognormvariate(7.2, 0.4), 2), "currency": "TRY"}
    length_s = chance.lognormvariate(4.6, 0.6)
    return outcome.model_copy(
        update=told
        | {
            "category": category,
            "sub_category": sub,
            "facts": facts,
            "versions": outcome.versions.model_copy(
                update={"model": "gemini-2.5-flash", "prompt": "p4" if back >= PROMPT_CHANGED else "p5"}
            ),
            "recording_facts": outcome.recording_facts.model_copy(update={"duration_s": length_s}),
            "usage": outcome.usage.model_copy(update={"cost": 0.0009, "currency": "USD"}),
        }
    )


async def keep(database: Database, outcomes: Iterator[CallOutcome]) -> int:
    """Write their documents as the sink does, many at once; return how many."""
    documents = [
        {
            "_id": one.call_id,
            "revision": 1,
            "state": one.state,
            "category": one.category,
            "sub_category": one.sub_category,
            "ended_at": one.ended_at,
            "decided_at": one.decided_at,
            "outcome": one.model_dump(mode="json"),
            "search": searchable(one),
        }
        for one in outcomes
    ]
    for first in range(0, len(documents), 500):
        await database.calls.insert_many(documents[first : first + 500])
    return len(documents)


async def read(services: Services, first: date, last: date, size: int = 200, seed: int = 5) -> Sample:
    """Draw a sample of the calls of some days, and have somebody read all of it who finds a few of them wrong."""
    chance, now = random.Random(seed), datetime.now(UTC)
    who, form = Principal("ann", frozenset()), DrawForm.model_validate({"from": first, "to": last, "by": "random"})
    sample = await draw_sample(services, who, form.model_copy(update={"size": size}), PageSettings().zone)
    for item in await SampleStore(services.database).items(sample.sample_id):
        [document] = [one async for one in services.database.calls.find({"_id": item.call_id})]
        outcome = CallOutcome.model_validate(document["outcome"])
        assert outcome.category is not None
        said = LeafName(category=outcome.category, sub_category=outcome.sub_category)
        if outcome.category == "uncertain" or chance.random() < 0.1:
            said = LeafName(category="unnecessary_call", sub_category="price_research")
        name = f"{sample.sample_id}-{item.place}"
        told = label(name, 1, call_id=outcome.call_id, blind=True, first=said, final=said, decides=False)
        await LabelStore(services.database).add(stored_label(told, [outcome], is_refused=False))
        reading = Reading(who="ann", since=now, said=said.sub_category or said.category, label_id=name)
        await services.database.beside("sample_items").update_one(
            {"sample_id": item.sample_id, "place": item.place}, {"$set": {"first": reading.model_dump(mode="json")}}
        )
    return sample


async def main(uri: str) -> None:
    """Fill a database with the calls of two months up to now, and read a sample of last week's."""
    database, today = Database(StoreSettings(uri=SecretStr(uri))), datetime.now(UTC).date()
    print(await keep(database, calls(datetime.now(UTC), 65, 300)))
    nowhere, nobody = ClaimCheckStore("memory://"), Authentication()
    services = Services(ApiSettings(), KafkaSettings(), database, nowhere, nobody)
    await read(services, today - timedelta(days=7), today - timedelta(days=1))
    database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("uri", help="an empty database, as CALLSIFT_MONGO_URI names it")
    asyncio.run(main(parser.parse_args().uri))
