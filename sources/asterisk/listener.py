"""Listening to a PBX: calls that are over are handed in, and only then forgotten.

What is known of calls that go on lies in a file, so that a restart in the middle of a call loses nothing.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from schemas import CallEnded
from sources import metrics
from sources.asterisk.call import Rules, content, direction
from sources.asterisk.client import Connection
from sources.asterisk.settings import AsteriskSource
from sources.asterisk.tracker import State, Tracker
from sources.intake import Intake
from sources.observation import Observation, Refused
from streams.errors import CallsiftError, TransientError
from streams.threads import Threads

logger = logging.getLogger(__name__)

_TICK_S = 0.5
_AGAIN_S = 2.0


class Listener:
    """One PBX, listened to by one process."""

    def __init__(
        self, name: str, settings: AsteriskSource, file: Path, on_state: Callable[[bool], None] = lambda _: None
    ) -> None:
        """Go on with what is in ``file``; ``on_state`` is told whether the PBX is there.

        Raises:
            CallsiftError: The file cannot be read.
        """
        self._name, self._settings, self._file, self._on_state = name, settings, file, on_state
        address = settings.address or f"file://{settings.folder}"
        rules = Rules(settings.folder, address, settings.trunks, settings.legs, settings.call_id_prefix)
        self._rules, self._tracker = rules, Tracker(rules, _kept(file))
        self._changed = False
        self._thread = Threads("asterisk-state", 1)  # one, so that what is written last is the newest

    async def work(self, intake: Intake) -> None:
        """Listen until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._hand_in(intake))
        finally:
            await self._keep()
            self._thread.close()

    async def _listen(self) -> None:
        while True:
            try:
                async with contextlib.aclosing(Connection(self._settings).messages()) as messages:
                    async for message in messages:
                        if isinstance(message, list):
                            self._tracker.found(message, time.time())
                            logger.info("the PBX is listened to", extra={"channels": len(message)})
                            self._on_state(True)
                        else:
                            self._tracker.note(message, time.time())
                        self._changed = True
            except TransientError as error:
                logger.warning("the PBX is not listened to", extra={"error": str(error)})
            self._on_state(False)
            await asyncio.sleep(_AGAIN_S)

    async def _hand_in(self, intake: Intake) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            over = self._tracker.over(time.time() - self._settings.settle_s)
            internal = [call for call in over if direction(call, self._rules) == "internal"]
            for call in internal:
                metrics.observe(self._name, "ignored")
                self._tracker.forget(call)
            told = [call for call in over if call not in internal]
            if self._changed or over:
                self._changed = False
                await self._keep()  # before they are handed in: killed now, they are handed in as the same events
            if not told:
                continue
            seen = [Observation(self._name, content(call, self._rules)) for call in told]
            for call, result in zip(told, await intake.take(seen), strict=True):
                if isinstance(result, CallEnded):
                    self._tracker.forget(call)
                elif isinstance(result, Refused) and result.reason != "unconfirmed":
                    logger.warning("a call is refused", extra={"call_id": call.linked_id, "error": str(result)})
                    self._tracker.forget(call)
            await self._keep()

    async def _keep(self) -> None:
        text = self._tracker.state.model_dump_json()
        await self._thread.run(partial(_write, self._file, text))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        why = f"{path} cannot be written: {error.strerror}"
        raise CallsiftError(why, "Set the sources' state to a folder of this machine") from error


def _kept(path: Path) -> State:
    try:
        return State.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, ValidationError) as error:
        raise CallsiftError(
            f"{path} cannot be read: {type(error).__name__}",
            "Remove it: calls that go on are asked for again, and `callsift reconcile` finds what ended meanwhile",
        ) from None
