"""What an archive will take, without decoding it: hours, processor time, the hosted model's cost (docs/backfill.md)."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from agents.classify.agent import make_model
from agents.classify.hosted import HostedClassifier
from agents.classify.settings import ClassifySettings
from callsift.backfill.pace import Choice
from schemas import Speaker, Taxonomies, Turn
from sources.archive import Archive, OldCall
from store.calls import OutcomeStore

ASSUMED_CALL_S = 180.0
"""Length of a call where nothing in the archive says any."""
SPEECH_SHARE = 1.0
"""Seconds of speech for each recorded second: each side talks for half of the time."""
DECODED_PER_SPEECH_S = 1.08
"""Seconds that are decoded for each second of speech: segments have margins (docs/performance-speech.md)."""
AUDIO_CPU = 0.0019
"""CPU seconds of the audio stage for each recorded second (docs/performance-speech.md)."""
TRANSCRIBE_CPU = 0.15
"""CPU seconds for each second decoded, of the official small Turkish model: assumed there, to be measured."""
_WORDS_PER_S = 2.0
_WORDS_PER_TURN = 12
_WORD = "konuşma"
_AT_ONCE = 200


@dataclass
class Estimate:
    """What the calls that would be handed in come to."""

    calls: int = 0
    """Calls that would be handed in."""
    known: int = 0
    """Calls that have an outcome already."""
    refused: int = 0
    """Calls that cannot be handed in."""
    unknown_length: int = 0
    """Of the calls those whose length nothing says; they are taken to be as long as the others."""
    recorded_hours: float = 0.0
    speech_hours: float = 0.0
    cpu_hours: float = 0.0
    """Hours of one processor core."""
    processes: int = 1
    """Processes that recognise, of all workers that run now."""
    hours: float = 0.0
    """How long it takes with them, if no live call comes."""
    tokens: int = 0
    """Tokens of the hosted model, sent and answered."""
    cost: float | None = None
    """What they cost; None: the settings name no price, or the classifier costs nothing."""
    currency: str | None = None


async def estimated(
    archive: Archive, choice: Choice, store: OutcomeStore, *, processes: int, cpu: float, classify: ClassifySettings
) -> Estimate:
    """Estimate; nothing is published, and of the recordings the beginnings are read at the most.

    Args:
        archive: The old calls.
        choice: Which of them.
        store: Where outcomes are.
        processes: How many processes recognise.
        cpu: CPU seconds that recognition takes for each second decoded.
        classify: How the classify stage would decide.

    Raises:
        MongoUnavailable: The store does not answer.
    """
    found, known_s, with_length = Estimate(processes=processes), 0.0, 0
    calls = iter(call for call in archive if choice.has(call))
    most = choice.limit if choice.limit is not None else len(archive)
    while found.calls < most and (some := await asyncio.to_thread(lambda: list(islice(calls, _AT_ONCE)))):
        for call in await _new(some, store, found):
            if found.calls == most:
                break
            found.calls += 1
            with_length += call.seconds is not None
            known_s += call.seconds or 0.0
    found.unknown_length = found.calls - with_length
    mean_s = known_s / with_length if with_length else ASSUMED_CALL_S
    recorded_s = known_s + found.unknown_length * mean_s
    speech_s = recorded_s * SPEECH_SHARE
    found.recorded_hours, found.speech_hours = recorded_s / 3600, speech_s / 3600
    found.cpu_hours = (recorded_s * AUDIO_CPU + speech_s * DECODED_PER_SPEECH_S * cpu) / 3600
    found.hours = found.cpu_hours / processes
    if choice.per_minute is not None:
        found.hours = max(found.hours, found.calls / choice.per_minute / 60)
    if found.calls and classify.chosen != "offline":
        usage = HostedClassifier(make_model(classify), classify, Taxonomies.load().default).estimated(
            list(_turns(mean_s * SPEECH_SHARE)), None
        )
        found.tokens = found.calls * (usage.prompt_tokens + usage.answer_tokens)
        found.cost = None if usage.cost is None else found.calls * usage.cost
        found.currency = usage.currency if usage.cost is not None else None
    return found


async def _new(calls: list[OldCall], store: OutcomeStore, found: Estimate) -> list[OldCall]:
    """Return those that have no outcome, and count the others."""
    good = [call for call in calls if isinstance(call.content, dict)]
    found.refused += len(calls) - len(good)
    ids = [one for call in good for one in call.ids]
    known = {outcome.call_id for outcome in await store.newest(ids)} if ids else set()
    new = [call for call in good if known.isdisjoint(call.ids)]
    found.known += len(good) - len(new)
    return new


def _turns(speech_s: float) -> Iterable[Turn]:
    """Make a transcript of so many seconds: nobody has heard the true one yet."""
    words = max(1, round(speech_s * _WORDS_PER_S))
    for number, before in enumerate(range(0, words, _WORDS_PER_TURN)):
        text = " ".join([_WORD] * min(_WORDS_PER_TURN, words - before))
        start_s, end_s = before / _WORDS_PER_S, (before + _WORDS_PER_TURN) / _WORDS_PER_S
        speaker = (Speaker.AGENT, Speaker.CUSTOMER)[number % 2]
        yield Turn(speaker=speaker, start_s=start_s, end_s=end_s, text=text, confidence=1.0, words=())
