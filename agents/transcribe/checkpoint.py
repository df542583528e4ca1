"""Checkpoints: what is decoded of a long call survives the worker, so that the next one decodes only the rest."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from pydantic import TypeAdapter, ValidationError

from agents.transcribe.span import AudioSpan
from schemas import Word
from streams.errors import CallsiftError
from streams.payloads import DECODED, ClaimCheckStore, digits

logger = logging.getLogger(__name__)

FORMAT: TypeAdapter[list[tuple[AudioSpan, tuple[Word, ...]]]] = TypeAdapter(list[tuple[AudioSpan, tuple[Word, ...]]])
"""What a checkpoint holds: decoded spans, each with its words."""


class Checkpoint:
    """The spans of one call that are decoded, in memory and from time to time in the store.

    A span counts only for the same audio, the same model, the same channel, start and end.
    """

    def __init__(
        self, store: ClaimCheckStore, *, call_id: str, audio_sha256: str, speech_model: str, every_s: float
    ) -> None:
        """Begin with nothing decoded.

        Args:
            store: Where checkpoints are kept: the audio store.
            call_id: The call.
            audio_sha256: SHA-256 of the prepared audio.
            speech_model: Name and fingerprint of the model.
            every_s: Seconds between two writes.
        """
        self._store = store
        self._name = DECODED.of_call(
            call_id, f"-{digits(audio_sha256)}-{re.sub(r'[^A-Za-z0-9._-]', '-', speech_model)}.json"
        )
        self._every_s = every_s
        self._decoded: dict[AudioSpan, tuple[Word, ...]] = {}

    async def read(self) -> None:
        """Read what an earlier try decoded, if anything. What cannot be read is decoded again."""
        try:
            self._decoded |= await self._store.in_thread(self._stored)
        except ValidationError:
            logger.warning("checkpoint ignored", extra={"error": "it is not readable"})
        except CallsiftError as failure:
            logger.warning("checkpoint ignored", extra={"error": failure.message})

    def missing(self, spans: Iterable[AudioSpan]) -> list[AudioSpan]:
        """Return those of ``spans`` that are not decoded."""
        return [span for span in spans if span not in self._decoded]

    def words(self, span: AudioSpan) -> tuple[Word, ...]:
        """Return the words in a decoded span."""
        return self._decoded[span]

    def add(self, spans: Sequence[AudioSpan], words: Sequence[Sequence[Word]]) -> None:
        """Add the words of decoded spans."""
        self._decoded |= {span: tuple(found) for span, found in zip(spans, words, strict=True)}

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While the block runs, write what is decoded to the store every ``every_s`` seconds, and when it fails."""
        before = len(self._decoded)
        writer = asyncio.create_task(self._keep_writing(before))
        try:
            yield
        except CallsiftError:
            await self._try_to_write(before)
            raise
        finally:
            writer.cancel()
            await asyncio.wait({writer})
            if not writer.cancelled() and (bug := writer.exception()) is not None:
                # the type, without the text: it may quote what was said
                logger.error("checkpoints failed with an unknown error", extra={"error_type": type(bug).__name__})

    async def _keep_writing(self, written: int) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            written = await self._try_to_write(written)

    async def _try_to_write(self, written: int) -> int:
        """Write what is decoded if it is more than ``written`` spans, and return how many are written now."""
        decoded = list(self._decoded.items())
        if len(decoded) == written:
            return written
        try:
            await self._store.in_thread(partial(self._write, decoded))
        except CallsiftError as failure:
            logger.warning("checkpoint not written", extra={"error": failure.message})
            return written
        return len(decoded)

    def _stored(self) -> dict[AudioSpan, tuple[Word, ...]]:
        payload = self._store.find(self._name)
        return {} if payload is None else dict(FORMAT.validate_json(payload))

    def _write(self, decoded: list[tuple[AudioSpan, tuple[Word, ...]]]) -> None:
        self._store.put(self._name, FORMAT.dump_json(decoded, exclude_none=True))
