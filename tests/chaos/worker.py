"""A worker whose speech is precomputed: ``python -m tests.chaos.worker STAGE``. Delivery is the real one."""

import asyncio
import random
import sys
from typing import Any

from callsift.stages import make_agent
from callsift.worker import work
from schemas import AudioReady, CallEnded, CallTranscribed
from streams.agent import Agent
from tests.schemas.examples import audio_ready, call_transcribed

_LONGEST_WORK_S = 0.1


async def _take_a_while() -> None:
    await asyncio.sleep(random.uniform(0, _LONGEST_WORK_S))  # noqa: S311 - not a secret


class PrecomputedAudio(Agent[CallEnded]):
    """The same prepared audio for every call."""

    async def work(self, call: CallEnded) -> AudioReady:
        await _take_a_while()
        same = audio_ready()
        return AudioReady.following(
            call, audio=same.audio, recording_facts=same.recording_facts, speech=same.speech, figures=same.figures
        )


class PrecomputedTranscript(Agent[AudioReady]):
    """The same transcript for every call."""

    async def work(self, call: AudioReady) -> CallTranscribed:
        await _take_a_while()
        same = call_transcribed()
        return CallTranscribed.following(call, turns=same.turns, language=same.language, speech_model=same.speech_model)


def make(stage: str) -> Agent[Any]:
    """Make a stage's agent; only audio and transcribe are not the real ones."""
    if stage == "audio":
        return PrecomputedAudio()
    return PrecomputedTranscript() if stage == "transcribe" else make_agent(stage)


if __name__ == "__main__":
    work(sys.argv[1], make)
