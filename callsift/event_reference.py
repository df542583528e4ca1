"""What comes of each mistake in a call-ended event: the tables in docs/dead-letters.md."""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult

from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching import Fetcher
from callsift.event_mistakes import ODD, WRONG, Wrong
from schemas import CallEnded
from streams.decoding import decode
from streams.errors import CallsiftError, PermanentError

_LONGEST = 400
_RULE = "|---"
_BEGINS, _ENDS = "<!-- what can be wrong in an event: made by `make docs` -->", "<!-- end of what can be wrong -->"
_DOCS = Path(__file__).parents[1] / "docs"


class NobodyIsAsked(ThreadedResolver):
    """A name service that knows no name: what is wrong in an event is known without one."""

    async def resolve(self, host: str, *_: Any, **__: Any) -> list[ResolveResult]:
        """Raise for whatever is asked."""
        raise AssertionError(f"{host} was looked up")


def failure(value: bytes | None) -> CallsiftError | None:
    """Return what the audio stage says to an event before it asks anybody for the recording; None: nothing is wrong."""

    async def fetched(event: CallEnded, folder: Path) -> None:
        fetcher = Fetcher(FetchSettings(), NobodyIsAsked())
        try:
            for uri in event.recording.uris if event.recording else ():
                await fetcher.fetch(uri, folder / "recording")
        finally:
            await fetcher.close()

    try:
        event = decode(CallEnded, value)
        with TemporaryDirectory() as folder:
            asyncio.run(fetched(event, Path(folder)))
    except CallsiftError as error:
        return error
    return None


def dead_letters_page() -> str:
    """Return docs/dead-letters.md with its tables of what can be wrong in an event."""
    before, _, rest = (_DOCS / "dead-letters.md").read_text(encoding="utf-8").partition(_BEGINS)
    lines = []
    for title, cases in WRONG.items():
        lines += ["", f"### {title}", "", "| what was sent | error | message | cure | tried again |", _RULE * 5 + "|"]
        lines += map(_row, cases)
    lines += ["", "### Odd, and taken", "", "| what was sent | field | what stands there then |", _RULE * 3 + "|"]
    lines += [f"| {odd.sent} | `{odd.path}` | {_cell(json.dumps(odd.kept, ensure_ascii=False))} |" for odd in ODD]
    return f"{before}{_BEGINS}\n" + "\n".join(lines) + f"\n\n{_ENDS}{rest.partition(_ENDS)[2]}"


def _row(case: Wrong) -> str:
    found = failure(case.value)
    if found is None:
        raise ValueError(f"nothing is wrong with {case.sent}")
    again = "no" if isinstance(found, PermanentError) else "yes"
    return f"| {case.sent} | `{type(found).__name__}` | {_cell(found.message)} | {_cell(found.cure)} | {again} |"


def _cell(text: str) -> str:
    """Return text as it stands in a table, without what a page cannot show, and cut where it is long."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in shown).replace(
        "|", "\\|"
    )
