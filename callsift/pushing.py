"""The process on a PBX's own machine that hands recordings in through the API (docs/push.md)."""

import asyncio
import contextlib
import hashlib
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sources.folder.ledger import Ledger
from sources.folder.settings import FolderSource
from sources.folder.watcher import Watcher
from sources.push.uploader import Progress, Uploader
from sources.state_file import since_of
from streams.errors import TransientError

SOURCE = "push"


class Report(NamedTuple):
    """How it stands."""

    progress: Progress
    waiting: int
    """Files that are seen and not handed in: their recorders still write, or the API is away."""


async def push(
    watcher: Watcher, ledger: Ledger, uploader: Uploader, told: Callable[[Report], None], poll_s: float
) -> None:
    """Hand in what comes to rest until SIGTERM or SIGINT; ``told`` is called after each look."""
    own = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, own.cancel if own else lambda: None)
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            pause_s = await _look(watcher, uploader, poll_s)
            told(await _report(ledger, uploader))
            await asyncio.sleep(max(pause_s, uploader.rest_s))


async def push_once(watcher: Watcher, ledger: Ledger, uploader: Uploader, settle_s: float) -> Report:
    """Hand in what is at rest by now, and return how it stands then."""
    await _look(watcher, uploader, settle_s)
    if uploader.progress.problem is None:
        await asyncio.sleep(settle_s)  # what has not changed until then is at rest
        while not await _look(watcher, uploader, settle_s) and uploader.progress.problem is None:
            pass
    return await _report(ledger, uploader)


async def _look(watcher: Watcher, uploader: Uploader, pause_s: float) -> float:
    if not uploader.rest_s:
        uploader.progress.problem = None
    try:
        return await watcher.work(uploader)
    except TransientError as error:
        uploader.progress.problem = str(error)
        return pause_s


async def _report(ledger: Ledger, uploader: Uploader) -> Report:
    return Report(replace(uploader.progress), await asyncio.to_thread(ledger.count_waiting))


def state_of(folder: Path, state: Path) -> Path:
    """Return the file of what was pushed from a folder: each has its own."""
    digest = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape")).hexdigest()
    return state / f"{SOURCE}-{digest[:12]}.sqlite"


def watched(source: FolderSource, ledger: Ledger, since: datetime | None) -> Watcher:
    """Return who looks at the folder."""
    return Watcher(SOURCE, source, ledger, since_of(ledger, since))
