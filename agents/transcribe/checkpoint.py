"""Checkpoints: what is decoded of a long call survives the worker, so that the next one decodes only the rest."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from pydantic import TypeAdapter, ValidationError

from agents.transcribe.core import Span
from schemas import Word
from streams.errors import CallsiftError
from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.layout import DECODED

logger = logging.getLogger(__name__)

FORMAT: TypeAdapter[list[tuple[Span, tuple[Word, ...]]]] = TypeAdapter(list[tuple[Span, tuple[Word, ...]]])
"""What a checkpoint holds: decoded spans, each with its words."""


class Checkpoint:
    """The spans of one call that are decoded, in memory and from time to time in the store.

    A span counts only for the same audio, the same model, the same channel, start and end.
    """

    def __init__(self, store: ClaimCheckStore, *, audio_sha256: str, speech_model: str, every_s: float) -> None:
        """Begin with nothing decoded.

        Args:
            store: Where checkpoints are kept: the audio store.
            audio_sha256: SHA-256 of the prepared audio.
            speech_model: Name and fingerprint of the model.
            every_s: Seconds between two writes.
        """
        self._store = store
        self._name = DECODED.file(audio_sha256, f"-{re.sub(r'[^A-Za-z0-9._-]', '-', speech_model)}.json")
        self._every_s = every_s
        self._decoded: dict[Span, tuple[Word, ...]] = {}

    async def read(self) -> None:
        """Take up what was decoded before, if anything was. What cannot be read is decoded again."""
        try:
            payload = await asyncio.to_thread(self._store.find, self._name)
            if payload is not None:
                self._decoded |= dict(await asyncio.to_thread(FORMAT.validate_json, payload))
        except ValidationError:
            logger.warning("checkpoint ignored", extra={"error": "it is not readable"})
        except CallsiftError as failure:
            logger.warning("checkpoint ignored", extra={"error": failure.message})

    def missing(self, spans: Iterable[Span]) -> list[Span]:
        """Return those of ``spans`` that are not decoded."""
        return [span for span in spans if span not in self._decoded]

    def words(self, span: Span) -> tuple[Word, ...]:
        """Return the words in a decoded span."""
        return self._decoded[span]

    def add(self, spans: Sequence[Span], words: Sequence[Sequence[Word]]) -> None:
        """Take note that spans are decoded."""
        self._decoded |= {span: tuple(found) for span, found in zip(spans, words, strict=True)}

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Write what is decoded to the store as often as it was said, as long as the block runs."""
        writer = asyncio.create_task(self._keep_writing(len(self._decoded)))
        try:
            yield
        finally:
            writer.cancel()

    async def _keep_writing(self, written: int) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            if len(self._decoded) == written:
                continue
            decoded = list(self._decoded.items())
            try:
                await asyncio.to_thread(self._write, decoded)
            except CallsiftError as failure:
                logger.warning("checkpoint not written", extra={"error": failure.message})
            else:
                written = len(decoded)

    def _write(self, decoded: list[tuple[Span, tuple[Word, ...]]]) -> None:
        self._store.put(self._name, FORMAT.dump_json(decoded, exclude_none=True))
