"""The transcribe stage's agent: claims the audio, lets child processes recognise, makes the transcript."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from agents.transcribe import child, metrics
from agents.transcribe.checkpoint import Checkpoint
from agents.transcribe.core import shared_out, spans_to_decode, transcribed
from agents.transcribe.corrections import Corrections
from agents.transcribe.fair_queue import FairSlots
from agents.transcribe.models import SpeechModels
from agents.transcribe.settings import TranscribeSettings
from agents.transcribe.span import AudioSpan
from schemas import AudioReady, CallTranscribed
from streams.payloads import ClaimCheckStore
from streams.pool import NativePool, Work
from streams.processing import Agent
from streams.threads import Threads
from streams.work_folders import WorkFolders


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
        self._folders = WorkFolders()
        # one more than there are children: it waits at the pool, so that no child waits for the next job
        self._slots = FairSlots(settings.processes + 1)
        # the thousands of words of a long call would hold up the event loop; two threads would only share Python's lock
        self._transcripts = Threads("transcript", 1)
        self._pool = NativePool(
            processes=settings.processes,
            time_limit_s=settings.time_limit_s,
            memory_limit_mb=settings.memory_limit_mb,
            initializer=partial(child.load_if_there, self._models.default.folder),
            modules=child.MODULES,
        )

    async def start(self) -> None:
        """Load every model once before the first call comes.

        The default language's model is loaded by each child as it starts, the others by their first use.

        Raises:
            SettingsError: There is no model in a folder.
        """
        await asyncio.to_thread(self._folders.open)
        for model in self._models.all:
            await self._pool.run(child.load, model.folder)

    async def stop(self) -> None:
        """End the child processes."""
        await self._pool.close()
        self._transcripts.close()
        await asyncio.to_thread(self._folders.close)

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
            with self._folders.folder() as folder:
                flac = folder / "prepared.flac"
                await self._store.in_thread(partial(self._store.get_file, call.audio, flac), call.audio.size_bytes)
                async with checkpoint.kept():
                    await self._decode(flac, missing, model.folder, checkpoint, gives_way=call.gives_way)
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

    async def _decode(
        self, flac: Path, spans: Sequence[AudioSpan], folder: Path, checkpoint: Checkpoint, *, gives_way: bool
    ) -> None:
        holder = object()
        work = Work(self._settings.time_limit_s, is_long=False, gives_way=gives_way)

        async def decode(job: list[AudioSpan]) -> None:
            async with self._slots.slot(holder, gives_way=gives_way):
                words, busy_s = await self._pool.run_as(work, child.recognise, flac, job, folder)
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
