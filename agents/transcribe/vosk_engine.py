"""Vosk, in the child processes of this worker."""

from collections.abc import Sequence
from pathlib import Path

from agents.transcribe import child, metrics
from agents.transcribe.core import shared_out
from agents.transcribe.fair_queue import FairSlots
from agents.transcribe.models import SpeechModel
from agents.transcribe.settings import TranscribeSettings
from agents.transcribe.span import AudioSpan
from schemas import Word
from streams.pool import NativePool, Work


class VoskEngine:
    """One speech model."""

    def __init__(self, model: SpeechModel, pool: NativePool, slots: FairSlots, settings: TranscribeSettings) -> None:
        """Recognise with ``model`` in the children of ``pool``, by turns as ``slots`` gives them."""
        self.language = model.language
        self.fingerprint = model.fingerprint
        self._folder = model.folder
        self._pool = pool
        self._slots = slots
        self._settings = settings

    def jobs(self, spans: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
        """Share spans out over all children."""
        return shared_out(spans, self._settings.processes)

    async def recognise(
        self, flac: Path, spans: Sequence[AudioSpan], holder: object, *, gives_way: bool
    ) -> list[list[Word]]:
        """Recognise a job in a child."""
        work = Work(self._settings.time_limit_s, is_long=False, gives_way=gives_way)
        async with self._slots.slot(holder, gives_way=gives_way):
            words, busy_s = await self._pool.run_as(work, child.recognise, flac, spans, self._folder)
        metrics.BUSY_SECONDS.inc(busy_s)
        return words
