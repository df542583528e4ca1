"""The transcribe stage's agent: claims the audio, lets child processes recognise, makes the transcript."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from agents.transcribe import metrics
from agents.transcribe.checkpoint import Checkpoint
from agents.transcribe.core import AudioSpan, shared_out, spans_to_decode, transcribed
from agents.transcribe.corrections import Corrections
from agents.transcribe.fair_queue import FairSlots
from agents.transcribe.models import SpeechModels
from agents.transcribe.settings import TranscribeSettings
from schemas import AudioReady, CallTranscribed, Word
from streams.errors import SettingsError
from streams.payloads import ClaimCheckStore
from streams.pool import NativePool
from streams.processing import Agent
from streams.threads import Threads


class TranscribeAgent(Agent[AudioReady]):
    """Turns AudioReady into CallTranscribed. Repeating it gives the same transcript, and is cheap for a long call."""

    def __init__(self, settings: TranscribeSettings, store: ClaimCheckStore) -> None:
        """Make the agent.

        Raises:
            SettingsError: No model is named, or the corrections cannot be read.
        """
        self._models = SpeechModels(settings)
        self._corrections = Corrections.read(settings.corrections) if settings.corrections else Corrections({})
        self._settings = settings
        self._store = store
        # one more than there are children: it waits in the pipe, so that no child waits for the next job
        self._slots = FairSlots(settings.processes + 1)
        # the thousands of words of a long call would hold up the event loop; two threads would only share Python's lock
        self._transcripts = Threads("transcript", 1)
        self._pool = NativePool(
            processes=settings.processes,
            time_limit_s=settings.time_limit_s,
            memory_limit_mb=settings.memory_limit_mb,
            initializer=partial(_load_in_child, self._models.default.folder),
        )

    async def start(self) -> None:
        """Load every model once before the first call comes.

        The default language's model is loaded by each child as it starts, the others by their first use.

        Raises:
            SettingsError: There is no model in a folder.
        """
        for model in self._models.all:
            await self._pool.run(_load, model.folder)

    async def stop(self) -> None:
        """End the child processes."""
        await self._pool.close()
        self._transcripts.close()

    async def work(self, call: AudioReady) -> CallTranscribed:
        """Recognise what was said in a call: the speech segments only, each speaker on its own."""
        model = self._models.chosen(call.language)
        spans = spans_to_decode(call)
        checkpoint = Checkpoint(
            self._store,
            call_id=call.call_id,
            audio_sha256=call.audio.sha256,
            speech_model=model.fingerprint,
            every_s=self._settings.checkpoint_s,
        )
        if spans:
            await checkpoint.read()
        missing = checkpoint.missing(spans)
        metrics.RESUMED_SECONDS.inc(_seconds(spans) - _seconds(missing))
        if missing:
            with tempfile.TemporaryDirectory(prefix="callsift-", ignore_cleanup_errors=True) as folder:
                flac = Path(folder) / "prepared.flac"
                await self._store.in_thread(partial(self._store.get_file, call.audio, flac), call.audio.size_bytes)
                async with checkpoint.kept():
                    await self._decode(flac, missing, model.folder, checkpoint)
        decoded = [(span, checkpoint.words(span)) for span in spans]
        transcript = await self._transcripts.run(
            partial(
                transcribed,
                call,
                decoded,
                language=model.language,
                speech_model=model.fingerprint,
                corrections=self._corrections,
            )
        )
        metrics.WITHHELD_TURNS.inc(transcript.turns_withheld)
        return transcript

    async def _decode(self, flac: Path, spans: Sequence[AudioSpan], folder: Path, checkpoint: Checkpoint) -> None:
        holder = object()

        async def decode(job: list[AudioSpan]) -> None:
            async with self._slots.slot(holder):
                words, busy_s = await self._pool.run(_recognise, flac, job, folder)
            checkpoint.add(job, words)
            metrics.DECODED_SECONDS.inc(_seconds(job))
            metrics.BUSY_SECONDS.inc(busy_s)
            metrics.WORDS.inc(sum(map(len, words)))

        try:
            async with asyncio.TaskGroup() as group:
                for job in shared_out(spans, self._settings.processes):
                    group.create_task(decode(job))
        except ExceptionGroup as failures:  # the runner knows our errors, not groups of them
            raise failures.exceptions[0] from None


def _seconds(spans: Sequence[AudioSpan]) -> float:
    return sum(span.seconds for span in spans)


def _load_in_child(folder: Path) -> None:
    with suppress(SettingsError):  # ``start`` says so, with the cure
        _load(folder)


def _load(folder: Path) -> None:
    from agents.transcribe.recognise import load_model  # noqa: PLC0415 - vosk is loaded in the child alone

    load_model(folder)


def _recognise(flac: Path, spans: list[AudioSpan], folder: Path) -> tuple[list[list[Word]], float]:
    """Return the words, and the seconds that it took here: outside, jobs wait in the pipe as well."""
    from agents.transcribe.recognise import recognise  # noqa: PLC0415 - as above

    started = time.monotonic()
    return recognise(flac, spans, folder), time.monotonic() - started
