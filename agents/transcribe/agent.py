"""The transcribe stage's agent: claims the audio, lets child processes recognise, merges the turns."""

import asyncio
from pathlib import Path

from agents.transcribe import metrics
from agents.transcribe.core import merge_turns, spans_to_decode
from agents.transcribe.settings import TranscribeSettings
from schemas import AudioReady, CallTranscribed, Speaker, Word
from streams.claim_check import ClaimCheckStore
from streams.errors import SettingsError
from streams.pool import NativePool
from streams.runner import Agent

CHANNELS = {Speaker.CUSTOMER: 0, Speaker.AGENT: 1}
"""Who is where in prepared audio (schemas/audio_ready.py)."""


class TranscribeAgent(Agent[AudioReady]):
    """Turns AudioReady into CallTranscribed. Repeating it gives the same transcript."""

    def __init__(self, settings: TranscribeSettings, store: ClaimCheckStore) -> None:
        """Make the agent.

        Raises:
            SettingsError: No model is named.
        """
        if settings.vosk_model is None:
            raise SettingsError(
                "no speech model", "Set CALLSIFT_VOSK_MODEL to the folder of a Vosk model (docs/speech-model.md)"
            )
        self._model = settings.vosk_model
        self._settings = settings
        self._store = store
        self._speech_model = ""
        self._pool = NativePool(
            processes=settings.processes,
            time_limit_s=settings.time_limit_s,
            memory_limit_mb=settings.memory_limit_mb,
            initializer=_nothing,
        )

    async def start(self) -> None:
        """Load the model in the child processes before the first call comes.

        Raises:
            SettingsError: There is no model in the folder.
        """
        self._speech_model = await self._pool.run(_load, self._model)

    async def stop(self) -> None:
        """End the child processes."""
        await self._pool.close()

    async def work(self, call: AudioReady) -> CallTranscribed:
        """Recognise what was said in a call: the speech segments only, each speaker on its own."""
        flac = await asyncio.to_thread(self._store.get, call.audio)
        speakers = [speaker for speaker in CHANNELS if call.speech.get(speaker)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {speaker: group.create_task(self._words(call, flac, speaker)) for speaker in speakers}
        except ExceptionGroup as failures:  # the runner knows our errors, not groups of them
            raise failures.exceptions[0] from None
        words = {speaker: task.result() for speaker, task in tasks.items()}
        metrics.WORDS.inc(sum(map(len, words.values())))
        return CallTranscribed.following(
            call,
            turns=merge_turns(words),
            language=self._settings.language,
            speech_model=self._speech_model,
        )

    async def _words(self, call: AudioReady, flac: bytes, speaker: Speaker) -> list[Word]:
        spans = spans_to_decode(call.speech[speaker], self._settings.context_s, call.recording_facts.duration_s)
        words = await self._pool.run(_recognise, flac, CHANNELS[speaker], spans, self._model)
        metrics.DECODED_SECONDS.inc(sum(end - start for start, end in spans))
        return words


def _nothing() -> None:
    """The model is loaded by the first use, which names its folder."""


def _load(folder: Path) -> str:
    from agents.transcribe.recognise import fingerprint, load_model  # noqa: PLC0415 - vosk is loaded in the child alone

    load_model(folder)
    return fingerprint(folder)


def _recognise(flac: bytes, channel: int, spans: list[tuple[float, float]], folder: Path) -> list[Word]:
    from agents.transcribe.recognise import recognise  # noqa: PLC0415 - as above

    return recognise(flac, channel, spans, folder)
