"""``/v1/dead-letters``: what could not be processed, why, and what cures it. Never what is in the messages."""

import asyncio
import json
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Principal, Requires, Right
from api.operations.resource import LongWork, begin, require_everywhere
from api.page_tokens import LARGEST_PAGE
from api.problems import Problem
from api.services import Services, Used
from schemas import DeadLetter
from store.scope import calls_within
from streams import dead_letters
from streams.dead_letters import DeadLetterFilter, DeadLetterSummary

router = APIRouter(prefix="/v1", tags=["dead letters"])
Operator = Annotated[Principal, Depends(Requires(Right.OPERATE))]
_READING = ThreadPoolExecutor(2, "dead-letters")
"""Reading Kafka blocks; more than two at once would only share what the brokers send."""
_T = TypeVar("_T")


class LetterList(BaseModel):
    """Dead letters, about the newest first."""

    dead_letters: list[DeadLetterSummary]
    next_page_token: str = Field("", description="Where the next page begins; empty on the last one.")


class Replay(BaseModel):
    """Which dead letters are replayed: those that fit all that is given, and never were."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    stage: str | None = None
    """Given up by this stage."""
    error_type: str | None = Field(default=None, examples=["StoreUnavailable"])
    """With this error."""
    since: AwareDatetime | None = None
    """Given up then or later."""
    until: AwareDatetime | None = None
    """Given up earlier."""


@router.get("/dead-letters")
async def list_dead_letters(
    who: Operator,
    services: Used,
    stage: Annotated[str | None, Query(description="Only those of this stage.")] = None,
    error_type: Annotated[str | None, Query(description="Only those with this error.")] = None,
    call_id: Annotated[str | None, Query(description="Only those of this call.")] = None,
    replayed: Annotated[bool | None, Query(description="Only those that were replayed, or only the others.")] = None,
    page_size: Annotated[int | None, Query(ge=0, description="How many are read for a page, about.")] = None,
    page_token: Annotated[str | None, Query(description="The next_page_token of the page before.")] = None,
) -> LetterList:
    """List dead letters. A page may hold fewer than its size, even none, though more follow: look at the token."""
    tokens, question = await services.page_tokens.ready(services.database), [stage, error_type, call_id, replayed]
    before = _offsets(tokens.read(page_token, who, question)) if page_token else None
    size = min(page_size or services.settings.page_size, LARGEST_PAGE)
    page = await _read(lambda: dead_letters.letters_before(services.kafka, before, size))
    chosen = DeadLetterFilter(stage=stage, error_type=error_type, call_id=call_id, replayed=replayed)
    marks = await _read(lambda: dead_letters.read_replays(services.kafka))
    found = [(letter, dead_letters.when_replayed(letter, marks)) for letter in page.letters]
    accepted = [(letter, at) for letter, at in found if chosen.accepts(letter, at)]
    theirs = await _visible(services, who, [letter for letter, _ in accepted])
    shown = [DeadLetterSummary.of(one, at) for one, at in accepted if one.event_id in theirs]
    following = "" if page.before is None else tokens.made(json.dumps(page.before), who, question)
    return LetterList(dead_letters=shown, next_page_token=following)


@router.get("/dead-letters/{letter_id}")
async def get_dead_letter(letter_id: str, who: Operator, services: Used) -> DeadLetterSummary:
    """Show why a message could not be processed, and what cures it."""
    letter = await _letter(services, who, letter_id)
    marks = await _read(lambda: dead_letters.read_replays(services.kafka))
    return DeadLetterSummary.of(letter, dead_letters.when_replayed(letter, marks))


@router.post("/dead-letters/{letter_id}:replay")
async def replay_dead_letter(letter_id: str, who: Operator, services: Used, request: Request) -> DeadLetterSummary:
    """Put the message back on its topic; the stage tries it anew."""
    letter = await _letter(services, who, letter_id)
    await services.audit.record(who, "replayed", letter.call_id, request)
    [(_, refusal)] = await _read(lambda: list(dead_letters.replay(services.kafka, [letter])))
    if refusal is not None:
        raise Problem("conflict", refusal.message, cure=refusal.cure)
    marks = await _read(lambda: dead_letters.read_replays(services.kafka))
    return DeadLetterSummary.of(letter, dead_letters.when_replayed(letter, marks))


@router.post("/dead-letters:replay", status_code=202)
async def replay_dead_letters(
    body: Replay, who: Operator, services: Used, request: Request, response: Response
) -> LongWork:
    """Put the messages of many dead letters back on their topics."""
    require_everywhere(who)
    await services.audit.record(who, "replayed", None, request)
    return await begin(services, who, "replay", body.model_dump(), response)


async def _letter(services: Services, who: Principal, letter_id: str) -> DeadLetter:
    def found() -> DeadLetter | None:
        letters: Iterable[DeadLetter] = dead_letters.read_letters(services.kafka)
        return next((letter for letter in letters if letter.event_id == letter_id), None)

    letter = await _read(found)
    if letter is None or not await _visible(services, who, [letter]):
        raise Problem("not-found", f"There is no dead letter {letter_id[:80]!r} that you may see")
    return letter


async def _visible(services: Services, who: Principal, letters: Collection[DeadLetter]) -> set[str]:
    """Return the identifiers of those that somebody may see: of calls in their scope."""
    if who.scope.is_everywhere:
        return {letter.event_id for letter in letters}
    call_ids = {letter.call_id for letter in letters if letter.call_id is not None}
    theirs = await calls_within(services.database, call_ids, who.scope.query())
    return {letter.event_id for letter in letters if letter.call_id in theirs}


async def _read(blocking: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(_READING, blocking)


def _offsets(place: str) -> dict[int, int]:
    return {int(number): int(end) for number, end in json.loads(place).items()}
