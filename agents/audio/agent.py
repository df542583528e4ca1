"""The audio stage's agent: fetches, lets a child process compute, and stores the prepared audio."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from agents.audio import child, metrics
from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching import Fetcher, RecordingGone, RecordingMissing
from agents.audio.prepared import AudioOptions, Prepared
from agents.audio.settings import AudioSettings
from schemas import AudioReady, CallEnded, CallUnrecorded, ClaimCheck, FilePerSpeaker, OneFile, Recording
from streams.payloads import PREPARED, ClaimCheckStore, digits
from streams.pool import NativePool, Work
from streams.privacy import CallerPrivacy
from streams.processing import Agent
from streams.work_folders import WorkFolders

LONG_S = 600.0
"""Longer recordings, in seconds, let shorter ones pass: they take seconds, not tenths."""


class AudioAgent(Agent[CallEnded]):
    """Turns CallEnded into AudioReady, or CallUnrecorded. Repeating it stores the same audio under the same name."""

    def __init__(
        self, settings: AudioSettings, fetching: FetchSettings, store: ClaimCheckStore, privacy: CallerPrivacy
    ) -> None:
        """Make the agent; the child processes come with ``start``."""
        self._privacy = privacy
        self._settings = settings
        self._fetching = fetching
        self._fetcher = Fetcher(fetching)
        self._store = store
        self._folders = WorkFolders()
        self._pool = NativePool(
            processes=settings.processes,
            time_limit_s=settings.time_limit_s,
            memory_limit_mb=settings.memory_limit_mb,
            initializer=child.load,
            modules=child.MODULES,
        )

    async def start(self) -> None:
        """Load the child processes' libraries before the first call comes."""
        await asyncio.to_thread(self._folders.open)
        await self._pool.run(child.ready)

    async def stop(self) -> None:
        """End the child processes and close the connections."""
        await self._pool.close()
        await self._fetcher.close()
        await asyncio.to_thread(self._folders.close)

    def needs_dependency(self, call: CallEnded) -> bool:
        """Nobody is asked for the recording of a call that has none."""
        return call.recording is not None

    async def work(self, call: CallEnded) -> AudioReady | CallUnrecorded:
        """Prepare the audio of a call, if it has any."""
        if call.recording is None:
            unrecorded = CallUnrecorded.following(self._privacy.applied(call))
            metrics.UNRECORDED.labels(unrecorded.disposition).inc()
            return unrecorded
        return await self._prepare(call, call.recording)

    async def _prepare(self, call: CallEnded, recording: Recording) -> AudioReady:
        with self._folders.folder() as folder:
            files = {uri: folder / f"{number}{_suffix(uri)}" for number, uri in enumerate(addresses(recording))}
            for uri, path in files.items():
                await self._fetch(call, uri, path)
            flac = folder / "prepared.flac"
            prepared = await self._prepared(recording, files, flac, gives_way=call.gives_way)
            claim = await self._store.in_thread(
                partial(self._put, call.call_id, flac, prepared.peaks), flac.stat().st_size
            )
        facts = prepared.recording_facts
        metrics.AUDIO_SECONDS.inc(facts.duration_s)
        metrics.RECORDINGS.labels(facts.channel_layout or "").inc()
        metrics.DAMAGED.inc(facts.damaged)
        for speaker, figures in prepared.figures.speakers.items():
            metrics.SPEECH_SECONDS.labels(speaker.value).inc(figures.talk_s)
        return AudioReady.following(
            self._privacy.applied(call),
            audio=claim,
            audio_channels=prepared.speakers,
            recording_facts=facts,
            speech=prepared.speech,
            figures=prepared.figures,
        )

    async def _prepared(
        self, recording: Recording, files: Mapping[str, Path], flac: Path, *, gives_way: bool
    ) -> Prepared:
        options, most_s = audio_options(self._settings), self._settings.time_limit_s
        looking = Work(limit_s(0, most_s), is_long=False, gives_way=gives_way)
        announced_s = await self._pool.run_as(looking, child.announced_s, recording, files, options)
        work = Work(limit_s(announced_s, most_s), is_long=announced_s > LONG_S, gives_way=gives_way)
        return await self._pool.run_as(work, child.prepare, recording, files, flac, options)

    def _put(self, call_id: str, flac: Path, peaks: bytes) -> ClaimCheck:
        name = _object_name(call_id, flac)
        self._store.put(f"{name.removesuffix('.flac')}.dat", peaks)
        return self._store.put_file(name, flac)

    async def _fetch(self, call: CallEnded, uri: str, path: Path) -> None:
        try:
            await self._fetcher.fetch(uri, path)
        except RecordingMissing as missing:
            if (datetime.now(UTC) - call.ended_at).total_seconds() > self._fetching.missing_grace_s:
                raise RecordingGone(missing.message, missing.cure) from None
            raise


def limit_s(announced_s: float, most_s: float) -> float:
    """Return the seconds that a recording may take: with ``most_s`` of 900, half a minute and a tenth of its length."""
    return most_s * min(1.0, (300 + announced_s) / 9000)


def addresses(recording: Recording) -> list[str]:
    """Return the addresses that a recording names."""
    match recording:
        case OneFile(uri=uri):
            return [uri]
        case FilePerSpeaker(customer=customer, agent=agent):
            return [customer.uri, agent.uri]


def audio_options(settings: AudioSettings) -> AudioOptions:
    """Return the part of the settings that the computation needs."""
    return AudioOptions(
        channels=settings.channels, threshold=settings.speech_threshold, min_silence_s=settings.min_silence_s
    )


def _suffix(uri: str) -> str:
    """Return the address's file name extension: formats without a header are known by nothing else."""
    try:
        suffix = PurePosixPath(urlsplit(uri).path).suffix
    except ValueError:  # no address at all, which fetching says
        return ""
    return suffix if suffix[1:].isalnum() and len(suffix) <= 8 else ""


def _object_name(call_id: str, flac: Path) -> str:
    """Name the stored audio by call and content: a repetition replaces it by itself, another recording does not."""
    with flac.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return PREPARED.of_call(call_id, f"-{digits(content)}.flac")
