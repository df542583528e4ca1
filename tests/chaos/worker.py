"""A worker whose speech is precomputed: ``python -m tests.chaos.worker STAGE``. Delivery is the real one.

CHAOS_RETRY_SHARE of the calls fail in transcribe when they are tried for the first time; CHAOS_TRIED is the folder
where all workers note which were. With one quick try, each of these calls goes over a retry topic.
"""

import asyncio
import hashlib
import os
import random
import sys
from pathlib import Path
from typing import Any

from callsift.stages import make_agent
from callsift.worker import work
from schemas import AudioReady, CallEnded, CallTranscribed
from streams.errors import TransientError
from streams.payloads.claim_check import ClaimCheckStore
from streams.processing.agent import Agent
from tests.schemas.examples import audio_ready, call_transcribed

_LONGEST_WORK_S = 0.1


async def _take_a_while() -> None:
    await asyncio.sleep(random.uniform(0, _LONGEST_WORK_S))


class PrecomputedAudio(Agent[CallEnded]):
    """The same prepared audio for every call."""

    async def work(self, call: CallEnded) -> AudioReady:
        await _take_a_while()
        same = audio_ready()
        return AudioReady.following(
            call, audio=same.audio, recording_facts=same.recording_facts, speech=same.speech, figures=same.figures
        )


class FirstTry(TransientError):
    """This call fails when it is tried for the first time."""


class PrecomputedTranscript(Agent[AudioReady]):
    """A transcript that differs in the call's name alone; some calls fail once.

    It has to differ: a model is not asked again what it has answered.
    """

    def __init__(self, share: float, tried: Path) -> None:
        """Let ``share`` of the calls fail once; ``tried`` is the folder that says which have."""
        self._share = share
        self._tried = tried

    async def work(self, call: AudioReady) -> CallTranscribed:
        """Return the transcript.

        Raises:
            FirstTry: The call is one of those that fail once.
        """
        await _take_a_while()
        if self._fails(call.call_id):
            raise FirstTry("the first try of this call fails", "Wait for the retry mover")
        same = call_transcribed()
        named = same.turns[-1].model_copy(update={"text": f"{same.turns[-1].text} {call.call_id}"})
        turns = (*same.turns[:-1], named)
        return CallTranscribed.following(call, turns=turns, language=same.language, speech_model=same.speech_model)

    def _fails(self, call_id: str) -> bool:
        digest = hashlib.sha256(call_id.encode()).digest()
        if int.from_bytes(digest[:4]) >= self._share * 2**32:
            return False
        try:
            (self._tried / digest.hex()).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def make(stage: str, store: ClaimCheckStore) -> Agent[Any]:
    """Make a stage's agent; only audio and transcribe are not the real ones."""
    if stage == "audio":
        return PrecomputedAudio()
    if stage == "transcribe":
        return PrecomputedTranscript(float(os.environ["CHAOS_RETRY_SHARE"]), Path(os.environ["CHAOS_TRIED"]))
    return make_agent(stage, store)


if __name__ == "__main__":
    work(sys.argv[1], make)
