"""The transcribe stage's agent: claims the audio, lets an engine recognise, makes the transcript."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from agents.transcribe import metrics
from agents.transcribe.checkpoint import Checkpoint
from agents.transcribe.core import spans_to_decode, transcribed
from agents.transcribe.corrections import corrections_of
from agents.transcribe.engines import Engine, Engines
from agents.transcribe.languages import LanguageWithoutRules, accepted_language
from agents.transcribe.settings import TranscribeSettings
from agents.transcribe.span import AudioSpan
from schemas import AudioReady, CallTranscribed
from streams.errors import SettingsError
from streams.payloads import ClaimCheckStore
from streams.processing import Agent
from streams.threads import Threads
from streams.work_folders import WorkFolders


class TranscribeAgent(Agent[AudioReady]):
    """Turns AudioReady into CallTranscribed. Repeating it gives the same transcript, and is cheap for a long call."""

    def __init__(self, settings: TranscribeSettings, store: ClaimCheckStore) -> None:
        """Make the agent.

        Raises:
            SettingsError: No model is named, the default language has no rules, or the corrections cannot be read.
        """
        try:
            accepted_language(settings.language, settings.partly_redacted)
        except LanguageWithoutRules as error:
            raise SettingsError(error.message, error.cure) from error
        self._engines = Engines(settings)
        self._corrections = corrections_of(settings)
        self._settings = settings
        self._store = store
        self._folders = WorkFolders()
        # the thousands of words of a long call would hold up the event loop; two threads would only share Python's lock
        self._transcripts = Threads("transcript", 1)

    async def start(self) -> None:
        """Load every model once before the first call comes.

        Raises:
            SettingsError: There is no model in a folder.
        """
        await asyncio.to_thread(self._folders.open)
        await self._engines.start()

    async def stop(self) -> None:
        """End the child processes, and close connections."""
        await self._engines.stop()
        self._transcripts.close()
        await asyncio.to_thread(self._folders.close)

    async def work(self, call: AudioReady) -> CallTranscribed:
        """Recognise what was said in a call: the speech segments only, each speaker on its own.

        Raises:
            LanguageWithoutRules: Nothing personal would be found in its language, and the settings do not accept that.
        """
        engine = self._engines.of(call)
        accepted_language(engine.language, self._settings.partly_redacted)
        spans = spans_to_decode(call)
        checkpoint = Checkpoint(
            self._store,
            call_id=call.call_id,
            audio_sha256=call.audio.sha256,
            speech_model=engine.fingerprint,
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
                    await self._decode(flac, missing, engine, checkpoint, gives_way=call.gives_way)
        decoded = [(span, checkpoint.words(span)) for span in spans]
        transcript = await self._transcripts.run(
            partial(
                transcribed,
                call,
                decoded,
                language=engine.language,
                speech_model=engine.fingerprint,
                corrections=self._corrections,
            )
        )
        metrics.WITHHELD_TURNS.inc(transcript.turns_withheld)
        return transcript

    async def _decode(
        self, flac: Path, spans: Sequence[AudioSpan], engine: Engine, checkpoint: Checkpoint, *, gives_way: bool
    ) -> None:
        holder = object()

        async def decode(job: list[AudioSpan]) -> None:
            words = await engine.recognise(flac, job, holder, gives_way=gives_way)
            checkpoint.add(job, words)
            metrics.DECODED_SECONDS.inc(_seconds(job))
            metrics.WORDS.inc(sum(map(len, words)))

        try:
            async with asyncio.TaskGroup() as group:
                for job in engine.jobs(spans):
                    group.create_task(decode(job))
        except ExceptionGroup as failures:  # the runner knows our errors, not groups of them
            raise failures.exceptions[0] from None


def _seconds(spans: Sequence[AudioSpan]) -> float:
    return sum(span.seconds for span in spans)
