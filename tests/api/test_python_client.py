"""The client of docs/api.md does what the page says, against an API that is served."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from api.services import Services
from callsift.demo_files import RECORDINGS
from store.calls import OutcomeStore
from store.search import CallQuery
from tests.api.outcomes.conftest import served
from tests.store.calls import expected, fill

pytestmark = pytest.mark.integration
PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def documented() -> Any:
    """Return the client's class."""
    [code] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    made: dict[str, Any] = {"__name__": "documented"}
    exec(compile(code, "docs/api.md", "exec"), made)  # noqa: S102 - it is ours
    return made["Callsift"]


async def test_the_documented_client_hands_in_finds_and_is_told_why_not(services: Services) -> None:
    await fill(OutcomeStore(services.database))
    async with served(services) as address:
        client = documented()(address)
        found = await asyncio.to_thread(lambda: list(client.calls(page_size=3)))
        assert [call.call_id for call in found] == expected(CallQuery())
        assert {call.state for call in found} == {"done", "failed"}
        recording = RECORDINGS / "wrong-number.mp3"
        call = await asyncio.to_thread(client.hand_in, recording, 0, queue="sales")
        again = await asyncio.to_thread(client.hand_in, recording, 0, queue="sales")
        assert (call.state, again.call_id) == ("in_work", call.call_id)
        shown = await asyncio.to_thread(client.call, call.call_id)
        assert shown.progress["stage"] == "audio"
        with pytest.raises(RuntimeError, match=r"not-found: .*no call 'a/b'.*\. Check the identifier"):
            await asyncio.to_thread(client.call, "a/b")
