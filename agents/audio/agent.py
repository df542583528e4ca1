"""The audio stage's agent: fetches, lets a child process compute, and stores the prepared audio."""

import asyncio
import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from agents.audio import metrics
from agents.audio.fetch import RecordingGone, RecordingMissing, fetch
from agents.audio.prepared import Hearing, Prepared
from agents.audio.settings import AudioSettings
from schemas import AudioReady, CallEnded, FilePerSpeaker, OneFile, Recording, Speaker
from streams.claim_check import ClaimCheckStore
from streams.pool import NativePool
from streams.runner import Agent


class AudioAgent(Agent[CallEnded]):
    """Turns CallEnded into AudioReady. Repeating it stores the same audio under the same name."""

    def __init__(self, settings: AudioSettings, store: ClaimCheckStore) -> None:
        """Make the agent; the child processes come with ``start``."""
        self._settings = settings
        self._store = store
        self._pool = NativePool(
            processes=settings.processes,
            time_limit_s=settings.time_limit_s,
            memory_limit_mb=settings.memory_limit_mb,
            initializer=_load_in_child,
        )

    async def start(self) -> None:
        """Load the child processes' libraries before the first call comes."""
        await self._pool.run(_ready)

    async def stop(self) -> None:
        """End the child processes."""
        await self._pool.close()

    async def work(self, call: CallEnded) -> AudioReady:
        """Prepare the audio of a call."""
        with tempfile.TemporaryDirectory(prefix="callsift-") as folder:
            files = {uri: Path(folder) / str(number) for number, uri in enumerate(addresses(call.recording))}
            limit_bytes = self._settings.recording_limit_mb * 1024 * 1024
            try:
                for uri, path in files.items():
                    await asyncio.to_thread(fetch, uri, path, limit_bytes)
            except RecordingMissing as missing:
                if (datetime.now(UTC) - call.ended_at).total_seconds() > self._settings.missing_grace_s:
                    raise RecordingGone(missing.message, missing.cure) from None
                raise
            prepared = await self._pool.run(_prepare, call.recording, files, self._settings)
        claim = await asyncio.to_thread(self._store.put, f"{_object_name(call, prepared.flac)}.flac", prepared.flac)
        metrics.AUDIO_SECONDS.inc(prepared.recording_facts.duration_s)
        metrics.DAMAGED.inc(prepared.recording_facts.damaged)
        for speaker, figures in prepared.figures.speakers.items():
            metrics.SPEECH_SECONDS.labels(speaker.value).inc(figures.talk_s)
        return AudioReady.following(
            call,
            audio=claim,
            recording_facts=prepared.recording_facts,
            speech=prepared.speech,
            figures=prepared.figures,
        )


def addresses(recording: Recording) -> list[str]:
    """Return the addresses that a recording names."""
    match recording:
        case OneFile(uri=uri):
            return [uri]
        case FilePerSpeaker(customer=customer, agent=agent):
            return [customer.uri, agent.uri]


def hearing(settings: AudioSettings) -> Hearing:
    """Return the part of the settings that the computation needs."""
    return Hearing(
        channels={Speaker.CUSTOMER: settings.customer_channel, Speaker.AGENT: settings.agent_channel},
        threshold=settings.speech_threshold,
        min_silence_s=settings.min_silence_s,
    )


def _object_name(call: CallEnded, flac: bytes) -> str:
    """Name the stored audio by call and content: a repetition replaces it by itself, another recording does not."""
    return hashlib.sha256(call.call_id.encode() + b"\0" + flac).hexdigest()[:32]


def _prepare(recording: Recording, files: dict[str, Path], settings: AudioSettings) -> Prepared:
    from agents.audio.core import prepare  # noqa: PLC0415 - torch is loaded in the child alone

    return prepare(recording, files, hearing(settings))


def _load_in_child() -> None:
    from agents.audio.core import warm_up  # noqa: PLC0415 - as above

    warm_up()


def _ready() -> None:
    """Come back as soon as a child has loaded everything."""
