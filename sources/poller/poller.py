"""Asking for what is new, look after look: calls are handed in, and only then noted as taken.

Killed between the two, a call is handed in a second time: as the same event, which makes the same outcome.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from schemas import CallEnded
from sources import metrics
from sources.intake import Intake
from sources.mapping import PRESETS, Sent, expression, load_mapping, preset
from sources.observation import Observation, Refused, call_ended
from sources.poller.ledger import Key, Ledger
from sources.poller.recordings import Recordings
from sources.poller.settings import PollerSource
from sources.poller.web import ListAway, RecordingNotThere, Web
from streams.errors import SettingsError, TransientError

logger = logging.getLogger(__name__)

_LONGEST_CALL = timedelta(hours=24)
_LARGEST_NUMBER = 2**63
Made = Observation | Refused | TransientError | Literal["left", "goes on"]
"""What comes of an item. left: its mapping makes no call of it, or one that ended before calls are taken. goes on: its
call has not ended. A TransientError: it has to wait."""


class Poller:
    """One PBX, asked by one process."""

    def __init__(
        self, name: str, settings: PollerSource, ledger: Ledger, since: datetime, web: Web, recordings: Recordings
    ) -> None:
        """Take what ended at ``since`` or later and is not in the ledger.

        Raises:
            SettingsError: The mapping, or an expression, is none.
        """
        self._name, self._settings, self._ledger, self._since = name, settings, ledger, since
        self._web, self._recordings = web, recordings
        try:
            self._items, self._key = expression("items", settings.items), expression("key", settings.key)
        except ValueError as error:
            raise SettingsError(f"the source {name}: {error}", "docs/poller.md shows one") from None
        shipped = settings.mapping in PRESETS
        self._mapping = preset(settings.mapping) if shipped else load_mapping(Path(settings.mapping))
        self._zone = None if settings.time_zone is None else ZoneInfo(settings.time_zone)
        if datetime.fromisoformat(ledger.remembered("read from", since.isoformat())) > since:
            ledger.rewind()  # older ones are asked for than by the last start
        ledger.remember("read from", since.isoformat())

    async def work(self, intake: Intake) -> float:
        """Ask for what is new, page after page, and hand it in; returns after how many seconds to look again.

        Raises:
            TransientError: The PBX, the audio store or the brokers do not answer; what was handed in is noted.
        """
        after, away, has_taken = self._ledger.cursor(), None, False
        while page := await self._page(after):
            furthest = max(page)
            if after is not None and furthest <= after:
                break  # a list that does not heed the cursor
            made = await self._take(page, intake)
            has_taken = has_taken or any(isinstance(one, Observation) for one in made.values())
            away = next((one for one in made.values() if _is_away(one)), away)
            after = furthest
        await asyncio.to_thread(self._ledger.advance, time.time() - self._settings.overlap_s)
        if isinstance(away, TransientError) and not has_taken:
            raise away  # else it is about one recording, and the others need not wait longer
        return self._settings.poll_s

    async def _page(self, after: Key | None) -> dict[Any, Any]:
        """Return some items by their keys, those behind ``after``: the link to a next page is left out by some PBXs."""
        own = self._settings.start if after is None else self._settings.after
        began = (self._since - _LONGEST_CALL).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        filled = {name: text.replace("{since}", began).replace("{cursor}", str(after)) for name, text in own.items()}
        answer = await self._web.listed({**self._settings.query, **filled})
        try:
            items = self._items(answer)
            found = {self._key(item): item for item in items or ()}
        except (Refused, TypeError):
            items, found = None, {}
        kinds = {type(key) for key in found} | ({type(after)} if after is not None else set())
        fit = all(not isinstance(key, int) or abs(key) < _LARGEST_NUMBER for key in found)
        if not isinstance(items, list) or len(kinds) > 1 or not kinds <= {int, str} or not fit:
            raise ListAway("the answer has no list of items with keys", "Correct the source's items and key")
        return found

    async def _take(self, page: Mapping[Key, Any], intake: Intake) -> dict[Key, Made]:
        """Hand in what is new of a page; returns what came of each.

        Raises:
            ListAway: The brokers are away; those that they have not confirmed wait.
        """
        new = await asyncio.to_thread(self._ledger.note, page, time.time())
        made = dict(zip(new, await asyncio.gather(*(self._made(page[key], new[key]) for key in new)), strict=True))
        seen = {key: one for key, one in made.items() if isinstance(one, Observation)}
        taken = dict(zip(seen, await intake.take(list(seen.values())), strict=True))
        for key, one in made.items():
            result = taken.get(key, one)
            if isinstance(one, Refused):
                intake.refused(self._name, one)
            if isinstance(result, Refused) and result.reason != "unconfirmed":
                logger.warning("an item is refused", extra={"reason": result.reason, "error": str(result)})
        waits = {key for key, one in taken.items() if isinstance(one, Refused) and one.reason == "unconfirmed"}
        done = [key for key, one in made.items() if isinstance(one, Observation | Refused)]
        left = [key for key, one in made.items() if one == "left"]
        for _ in range(await asyncio.to_thread(self._ledger.done, [key for key in done if key not in waits], left)):
            metrics.observe(self._name, "ignored")
        if waits:
            raise ListAway("the brokers have not confirmed", "Calls are handed in again at the next look")
        return made

    async def _made(self, item: Any, seen: float) -> Made:
        try:
            content = self._mapping.content(
                Sent(body=item), self._zone, self._settings.recordings or self._settings.url
            )
            if content is None:
                return "left"
            waited_s = time.time() - seen
            if "ended_at" not in content and waited_s < _LONGEST_CALL.total_seconds():
                return "goes on"
            if "call_id" in content:
                content["call_id"] = f"{self._settings.call_id_prefix}{content['call_id']}"
            call = call_ended(Observation(self._name, content))
        except Refused as refusal:
            return refusal
        return "left" if call.ended_at < self._since else await self._with_recording(call, content, waited_s)

    async def _with_recording(self, call: CallEnded, content: dict[str, Any], waited_s: float) -> Made:
        try:
            moved = await self._recordings.moved(call)
        except TransientError as error:
            missing = isinstance(error, RecordingNotThere)
            if waited_s < (self._settings.missing_s if missing else _LONGEST_CALL.total_seconds()):
                return error
            logger.warning("a call is handed in without its recording", extra={"error": str(error)})
            moved = {"recording": None, "disposition": call.disposition or "answered"}
        return Observation(self._name, content | moved)


def _is_away(one: Made) -> bool:
    return isinstance(one, TransientError) and not isinstance(one, RecordingNotThere)
