"""A hosted recogniser as an engine: cuts speech into pieces, asks for each, and puts the words back into the call."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from agents.transcribe import child, metrics
from agents.transcribe.fair_queue import FairSlots
from agents.transcribe.hosted import pieces
from agents.transcribe.hosted.errors import GarbledTranscript, RecogniserAway, RecogniserBusy, SpeechRefused, unanswered
from agents.transcribe.hosted.heard import HeardSegment, placed
from agents.transcribe.hosted.settings import EngineSettings
from agents.transcribe.span import AudioSpan
from schemas import Word
from streams.errors import CallsiftError, SettingsError
from streams.pool import NativePool, Work

_RESULTS = {
    GarbledTranscript: "garbled",
    RecogniserAway: "away",
    RecogniserBusy: "busy",
    SpeechRefused: "refused",
}


class Service(Protocol):
    """What is asked."""

    fingerprint: str
    """Name and model for the record."""

    async def hear(self, piece: pieces.Piece, language: str) -> list[HeardSegment]:
        """Return what was said in a piece; times are from its start."""

    async def close(self) -> None:
        """Close the connections."""


class HostedService:
    """One service, with its limits."""

    def __init__(self, name: str, settings: EngineSettings, pool: NativePool) -> None:
        """Make the client; pieces are cut in the children of ``pool``.

        Raises:
            SettingsError: A file that the settings name cannot be read, or the extra for Google is not installed.
        """
        self.name = name
        self._settings = settings
        self._service = _service(name, settings)
        self._pool = pool
        self._slots = FairSlots(settings.at_once)
        self.fingerprint = self._service.fingerprint

    def jobs(self, spans: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
        """Group spans so that each group is one request; what is longer than that takes several."""
        return pieces.jobs(spans, self._settings.longest_piece_s)

    async def recognise(
        self, flac: Path, spans: Sequence[AudioSpan], holder: object, language: str, *, gives_way: bool
    ) -> list[list[Word]]:
        """Return the words of each span of a group, on the call's clock.

        Raises:
            CallsiftError: Every failure is named in ``errors``.
        """
        words: dict[AudioSpan, list[Word]] = {span: [] for span in spans}
        async with self._slots.slot(holder, gives_way=gives_way):
            for piece in await self._cut(flac, spans, gives_way=gives_way):
                found, dropped = placed(await self._heard(piece, language), piece, language)
                for span, own in found.items():
                    words[span] += own
                for rule, count in dropped.items():
                    metrics.DROPPED_WORDS.labels(self.name, rule).inc(count)
        return list(words.values())

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    async def _cut(self, flac: Path, spans: Sequence[AudioSpan], *, gives_way: bool) -> list[pieces.Piece]:
        work = Work(self._settings.timeout_s, is_long=False, gives_way=gives_way)
        return await self._pool.run_as(work, child.cut, flac, spans, self._settings.longest_piece_s)

    async def _heard(self, piece: pieces.Piece, language: str) -> list[HeardSegment]:
        try:
            try:
                async with asyncio.timeout(self._settings.timeout_s):  # the whole of it, however slowly it drips
                    heard = await self._service.hear(piece, language)
            except TimeoutError as error:
                raise unanswered(self.name, error, refused=False) from None
        except CallsiftError as error:
            metrics.REQUESTS.labels(self.name, _RESULTS[type(error)]).inc()
            raise
        metrics.REQUESTS.labels(self.name, "ok").inc()
        metrics.SENT_SECONDS.labels(self.name).inc(piece.seconds)
        metrics.COST.labels(self.name).inc(piece.seconds / 60 * self._settings.price_per_minute)
        return heard


@dataclass(frozen=True)
class HostedEngine:
    """A service, asked in one language."""

    service: HostedService
    language: str

    @property
    def fingerprint(self) -> str:
        """Name and model for the record."""
        return self.service.fingerprint

    def jobs(self, spans: Sequence[AudioSpan]) -> list[list[AudioSpan]]:
        """Group spans so that each group is one request."""
        return self.service.jobs(spans)

    async def recognise(
        self, flac: Path, spans: Sequence[AudioSpan], holder: object, *, gives_way: bool
    ) -> list[list[Word]]:
        """Ask for a group of spans."""
        return await self.service.recognise(flac, spans, holder, self.language, gives_way=gives_way)


def _service(name: str, settings: EngineSettings) -> Service:
    if settings.openai is not None:
        from agents.transcribe.hosted.openai import OpenAITranscriptions  # noqa: PLC0415 - no other engine needs it

        return OpenAITranscriptions(name, settings.openai, _key(settings.key_file))
    assert settings.google is not None  # noqa: S101 - the settings' own rule
    try:
        from agents.transcribe.hosted.google import GoogleSpeech  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError(
            f"the engine {name} misses {error.name}", "Install it with: pip install 'callsift[google-speech]'"
        ) from error
    return GoogleSpeech(name, settings.google, settings.timeout_s)


def _key(path: Path | None) -> SecretStr | None:
    if path is None:
        return None
    try:
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if not key or not key.isprintable():
        raise SettingsError(f"no key in {path}", "Write the service's key into it, alone on one line")
    return SecretStr(key)
