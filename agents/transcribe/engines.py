"""What recognises the speech of a call: Vosk in this worker, or a hosted recogniser that a route names."""

import asyncio
import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agents.transcribe import child
from agents.transcribe.fair_queue import FairSlots
from agents.transcribe.hosted.settings import EnginesFile, Route, read_engines
from agents.transcribe.languages import primary_subtag
from agents.transcribe.models import SpeechModels
from agents.transcribe.settings import TranscribeSettings
from agents.transcribe.span import AudioSpan
from agents.transcribe.vosk_engine import VoskEngine
from schemas import AudioReady, Word
from streams.pool import NativePool

if TYPE_CHECKING:
    from agents.transcribe.hosted.engine import HostedService

VOSK = "vosk"


class Engine(Protocol):
    """Recognises speech in one language."""

    @property
    def language(self) -> str:
        """What it understands, as a BCP 47 tag."""

    @property
    def fingerprint(self) -> str:
        """Name and version for the record."""

    def jobs(self, spans: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
        """Share spans out in jobs that can run beside each other."""

    async def recognise(
        self, flac: Path, spans: Sequence[AudioSpan], holder: object, *, gives_way: bool
    ) -> list[list[Word]]:
        """Return the words of each span of a job, on the call's clock.

        Args:
            flac: The prepared audio.
            spans: The job.
            holder: The call that it is of: calls take turns.
            gives_way: Whether it is of an old call, before which live ones go.

        Raises:
            CallsiftError: What went wrong.
        """


class Engines:
    """The engines of a worker, with the child processes that they share."""

    def __init__(self, settings: TranscribeSettings) -> None:
        """Make what the settings name; no connection is opened yet.

        Raises:
            SettingsError: A model or a file is missing, or breaks a rule.
        """
        self._settings = settings
        self._file = read_engines(settings.engines_file)
        self._models = SpeechModels(settings) if self._file.needs_vosk else None
        load = partial(child.load_if_there, self._models.default.folder) if self._models else child.load_nothing
        self._pool = NativePool(
            processes=settings.processes,
            time_limit_s=settings.time_limit_s,
            memory_limit_mb=settings.memory_limit_mb,
            initializer=load,
            modules=child.MODULES,
        )
        # one more than there are children: it waits at the pool, so that no child waits for the next job
        self._slots = FairSlots(settings.processes + 1)
        self._hosted = self._services()

    async def start(self) -> None:
        """Load every model once before the first call comes.

        The default language's model is loaded by each child as it starts, the others by their first use.

        Raises:
            SettingsError: There is no model in a folder.
        """
        for model in self._models.all if self._models else ():
            await self._pool.run(child.load, model.folder)

    async def stop(self) -> None:
        """End the child processes, and close connections."""
        await self._pool.close()
        await asyncio.gather(*(service.close() for service in self._hosted.values()))

    def of(self, call: AudioReady) -> Engine:
        """Return what recognises a call.

        Raises:
            LanguageWithoutModel: Vosk is to recognise it, and no model understands its language.
        """
        name = chosen(self._file, call, self._settings.language)
        if name in self._hosted:
            from agents.transcribe.hosted.engine import HostedEngine  # noqa: PLC0415 - as in _services

            return HostedEngine(self._hosted[name], call.language or self._settings.language)
        assert self._models is not None  # noqa: S101 - needs_vosk says that no such call comes
        return VoskEngine(self._models.chosen(call.language), self._pool, self._slots, self._settings)

    def _services(self) -> "dict[str, HostedService]":
        if not self._file.engines:
            return {}
        from agents.transcribe.hosted.engine import HostedService  # noqa: PLC0415 - aiohttp, which Vosk does not need

        return {name: HostedService(name, own, self._pool) for name, own in self._file.engines.items()}


def chosen(file: EnginesFile, call: AudioReady, default_language: str) -> str:
    """Return the name of a call's engine: of the first route that fits, or Vosk."""
    language = primary_subtag(call.language or default_language)
    return next((route.engine for route in file.routes if _fits(route, call, language)), VOSK)


def _fits(route: Route, call: AudioReady, language: str) -> bool:
    if route.languages and language not in map(primary_subtag, route.languages):
        return False
    if route.queues and call.queue not in route.queues:
        return False
    drawn = int.from_bytes(hashlib.sha256(f"{route.engine}:{call.call_id}".encode()).digest()[:8]) / 2**64
    return drawn < route.share
