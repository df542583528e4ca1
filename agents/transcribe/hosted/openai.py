"""OpenAI's ``POST /v1/audio/transcriptions``, as OpenAI, Speaches, faster-whisper servers, vLLM and others speak it.

Asked is ``verbose_json`` with the times of words. Some servers put the words into the segments, some beside them, and
some give only segments, or only the text.
"""

import math
from collections.abc import Sequence

import aiohttp
from pydantic import BaseModel, FiniteFloat, SecretStr, ValidationError

from agents.transcribe.hosted.errors import GarbledTranscript, refusal, unanswered
from agents.transcribe.hosted.heard import HeardSegment, HeardWord, spread
from agents.transcribe.hosted.pieces import Piece
from agents.transcribe.hosted.settings import OpenAISettings
from agents.transcribe.languages import primary_subtag
from streams.retry_after import retry_after_s
from streams.tls import client_context

_LARGEST_ANSWER = 4_000_000
"""Bytes; half a minute of speech takes some 20,000."""
_CURE = "Check that the engine's url is a server of OpenAI's transcriptions and that its model exists"


class _AnsweredWord(BaseModel):
    word: str
    start: FiniteFloat
    end: FiniteFloat
    probability: FiniteFloat | None = None


class _AnsweredSegment(BaseModel):
    start: FiniteFloat
    end: FiniteFloat
    text: str = ""
    no_speech_prob: FiniteFloat | None = None
    avg_logprob: FiniteFloat | None = None
    words: list[_AnsweredWord] | None = None


class _Answer(BaseModel):
    text: str
    segments: list[_AnsweredSegment] | None = None
    words: list[_AnsweredWord] | None = None


class OpenAITranscriptions:
    """One service and one model."""

    def __init__(self, name: str, settings: OpenAISettings, key: SecretStr | None) -> None:
        """Make the client; no connection is opened yet.

        Args:
            name: What messages call it.
            settings: Which service.
            key: Sent as a bearer token; None: none.
        """
        self.fingerprint = f"{name}:{settings.model}"
        self._name = name
        self._settings = settings
        self._headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self._session: aiohttp.ClientSession | None = None

    async def hear(self, piece: Piece, language: str) -> list[HeardSegment]:
        """Send a piece, and return what was heard in it.

        Raises:
            CallsiftError: Every failure is named in ``errors``.
        """
        try:
            async with self._opened().post(
                f"{self._settings.url}/audio/transcriptions",
                data=self._form(piece, language),
                headers=self._headers,
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    raise refusal(self._name, response.status, retry_after_s(response.headers))
                body = b""
                async for chunk in response.content.iter_chunked(65_536):
                    body += chunk
                    if len(body) > _LARGEST_ANSWER:
                        raise GarbledTranscript(f"{self._name} answers with more than any transcript takes", _CURE)
        except (aiohttp.ClientError, OSError) as error:
            raise unanswered(self._name, error, refused=isinstance(error, aiohttp.ClientConnectorError)) from None
        try:
            return segments(_Answer.model_validate_json(body), piece.seconds)
        except ValidationError:  # its text quotes what was said
            raise GarbledTranscript(f"{self._name} answers something else than a transcript", _CURE) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:  # made inside the event loop that uses it
            connector = aiohttp.TCPConnector(ssl=client_context())
            self._session = aiohttp.ClientSession(connector=connector, trust_env=True)
        return self._session

    def _form(self, piece: Piece, language: str) -> aiohttp.FormData:
        form = aiohttp.FormData()
        form.add_field("file", piece.flac, filename="speech.flac", content_type="audio/flac")
        form.add_field("model", self._settings.model)
        form.add_field("language", primary_subtag(language))
        form.add_field("response_format", "verbose_json")
        form.add_field("temperature", "0")
        for granularity in ("word", "segment"):
            form.add_field("timestamp_granularities[]", granularity)
        if self._settings.prompt is not None:
            form.add_field("prompt", self._settings.prompt)
        return form


def segments(answer: _Answer, seconds: float) -> list[HeardSegment]:
    """Return an answer's segments with their words, from whichever places it has them.

    Args:
        answer: What the service said.
        seconds: Length of the piece, where the answer has no segments.
    """
    own = answer.segments or [_AnsweredSegment(start=0.0, end=seconds, text=answer.text)]
    beside = _shared_out(answer.words or (), own)
    return [
        HeardSegment(_words(segment, others), segment.no_speech_prob, segment.avg_logprob)
        for segment, others in zip(own, beside, strict=True)
    ]


def _shared_out(words: Sequence[_AnsweredWord], own: Sequence[_AnsweredSegment]) -> list[list[_AnsweredWord]]:
    shares: list[list[_AnsweredWord]] = [[] for _ in own]
    for word in words:
        middle_s = (word.start + word.end) / 2
        distances = [max(segment.start - middle_s, middle_s - segment.end, 0.0) for segment in own]
        shares[distances.index(min(distances))].append(word)
    return shares


def _words(segment: _AnsweredSegment, beside: Sequence[_AnsweredWord]) -> list[HeardWord]:
    mean = None if segment.avg_logprob is None else math.exp(min(0.0, segment.avg_logprob))
    timed = segment.words or beside
    if not timed:
        return spread(segment.text, segment.start, segment.end, mean)
    return [
        HeardWord(word.word, word.start, word.end, mean if word.probability is None else word.probability)
        for word in timed
    ]
