"""Readers that stop cost the others nothing (benchmarks/api_streams.py runs it with 200)."""

from dataclasses import replace

import pytest

from api.services import Services
from api.settings import ApiSettings
from benchmarks.api_streams import run
from tests.store.outcomes import done

pytestmark = pytest.mark.integration


async def test_readers_that_stop_are_dropped_and_the_others_lose_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.outcomes.route._STALLED_S", 5.0)
    large = done("o").model_copy(update={"metadata": {"padding": "x" * 8000}})  # more than the sockets hold
    few = replace(services, settings=ApiSettings(stream_buffer=120))
    found = await run(few, large, readers=20, stopped=2, outcomes=1500)
    assert (found.complete, found.dropped) == (18, 2)
