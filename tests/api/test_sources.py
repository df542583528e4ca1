"""The ways in as the API shows them: what each process told on the topic, summed up by source."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from api.services import Services
from schemas import SourceFigures, SourceNotice
from streams.kafka import produce
from streams.topics import SOURCES

pytestmark = pytest.mark.integration


async def told(services: Services, *notices: SourceNotice) -> None:
    """Put notices where the processes of sources put them."""
    messages = [(one.source, one.model_dump_json().encode()) for one in notices]
    await asyncio.to_thread(produce, services.kafka, SOURCES.name, messages)


async def test_each_source_is_listed_with_what_became_of_its_calls(
    client: httpx.AsyncClient, services: Services
) -> None:
    now = datetime.now(UTC)
    minute = timedelta(minutes=1)
    there = SourceFigures(since=now - 60 * minute, at=now, counts={"taken": 40, "ignored": 2, "invalid": 1})
    gone = SourceFigures(since=now - 90 * minute, at=now - 9 * minute, counts={"taken": 2})
    shop = SourceNotice(
        source="shop",
        kind="webhook",
        processes={"a": there, "b": gone},
        last={"taken": now - 2 * minute, "invalid": now - minute},
        refusal="ended_at is missing",
    )
    share = SourceNotice(source="share", kind="folder", processes={"c": gone}, last={})
    await told(services, shop.model_copy(update={"refusal": "an older word"}), share, shop)

    listed = {one["name"]: one for one in (await client.get("/v1/sources")).json()["sources"]}
    assert {"share", "shop"} <= listed.keys()
    found = listed["shop"]
    assert (found["kind"], found["is_served"], found["taken"], found["ignored"]) == ("webhook", True, 42, 2)
    assert (found["refused"], found["last_refusal"]) == ({"invalid": 1}, "ended_at is missing")
    assert datetime.fromisoformat(found["last_event_at"]) == now - minute
    assert datetime.fromisoformat(found["counted_since"]) == gone.since
    assert 120 <= found["silent_s"] < 180
    assert (listed["share"]["is_served"], listed["share"]["silent_s"]) == (False, None)
