"""Stages whose work is done already: what a stage costs without it is the conveyor."""

from collections.abc import Callable
from typing import Any

from callsift.stages import make_agent
from schemas import AudioReady, CallClassified, CallEnded, CallTranscribed, Event, Speaker, Turn
from streams.payloads.claim_check import ClaimCheckStore
from streams.processing.agent import Agent
from tests.schemas import examples

_WORDS_PER_TURN = 12
_TURNS = 10
SPEECH_STAGES = ("audio", "transcribe")
STAGES = (*SPEECH_STAGES, "classify")
"""The stages that have empty work here."""


class PrecomputedAudio(Agent[CallEnded]):
    """The same prepared audio for every call."""

    async def work(self, call: CallEnded) -> AudioReady:
        """Make the event, and nothing else."""
        same = _AUDIO
        return AudioReady.following(
            call, audio=same.audio, recording_facts=same.recording_facts, speech=same.speech, figures=same.figures
        )


class PrecomputedTranscript(Agent[AudioReady]):
    """The same transcript for every call."""

    async def work(self, call: AudioReady) -> CallTranscribed:
        """Make the event, and nothing else."""
        same = _TRANSCRIBED
        return CallTranscribed.following(call, turns=same.turns, language=same.language, speech_model=same.speech_model)


class PrecomputedDecision(Agent[CallTranscribed]):
    """The same decision for every call."""

    async def work(self, call: CallTranscribed) -> CallClassified:
        """Make the event, and nothing else."""
        same = _CLASSIFIED
        return CallClassified.following(
            call,
            classification_id=same.classification_id,
            classifier=same.classifier,
            decision=same.decision,
            versions=same.versions,
        )


def make(stage: str, _store: ClaimCheckStore) -> Agent[Any]:
    """Make a stage's agent with empty work.

    Raises:
        KeyError: The stage has none here: the sink without its store is no sink.
    """
    makers: dict[str, Callable[[], Agent[Any]]] = {
        "audio": PrecomputedAudio,
        "transcribe": PrecomputedTranscript,
        "classify": PrecomputedDecision,
    }
    return makers[stage]()


def make_for_whole_calls(stage: str, store: ClaimCheckStore) -> Agent[Any]:
    """Make a stage's agent; only audio and transcribe are not the real ones."""
    return make(stage, store) if stage in SPEECH_STAGES else make_agent(stage, store)


def taken_by(stage: str, call_id: str) -> Event:
    """Return an event as the stage takes it: a call of half a minute, with 120 words once it is transcribed."""
    taken = {"audio": examples.call_ended(), "transcribe": _AUDIO, "classify": _TRANSCRIBED}[stage]
    return taken.model_copy(update={"call_id": call_id})


def _turns() -> tuple[Turn, ...]:
    speakers = (Speaker.AGENT, Speaker.CUSTOMER)
    text = " ".join(("çamaşır makinem", "su akıtıyor", "servis hattı") * (_WORDS_PER_TURN // 6))
    return tuple(examples.turn(speakers[number % 2], text, number * 3.0) for number in range(_TURNS))


_AUDIO = examples.audio_ready()
_TRANSCRIBED = examples.call_transcribed(*_turns())
_CLASSIFIED = examples.call_classified()
