"""Google Speech-to-Text, version 2, by its own client: ``Recognize`` with the speech in the request."""

import asyncio
from contextlib import suppress

import grpc
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import speech_v2
from google.cloud.speech_v2.services.speech.transports import SpeechGrpcAsyncIOTransport
from google.rpc import error_details_pb2

from agents.transcribe.hosted.errors import RecogniserAway, refusal, unanswered
from agents.transcribe.hosted.heard import HeardSegment, HeardWord, spread
from agents.transcribe.hosted.pieces import Piece
from agents.transcribe.hosted.settings import GoogleSettings, read_lines
from agents.transcribe.languages import primary_subtag
from streams.errors import PermanentError, TransientError

_PLAIN = "http://"
_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.FAILED_PRECONDITION: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.UNIMPLEMENTED: 404,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
"""gRPC's codes as the HTTP status that google/rpc/code.proto gives them; a project without billing is forbidden."""


class GoogleSpeech:
    """One project, region and model."""

    def __init__(self, name: str, settings: GoogleSettings, timeout_s: float) -> None:
        """Make the client; no connection is opened yet.

        Args:
            name: What messages call it.
            settings: Which project and model.
            timeout_s: Seconds that a request may take, for the service to know.

        Raises:
            SettingsError: The file of phrases cannot be read.
        """
        self.fingerprint = f"{name}:{settings.model}@{settings.location}"
        self._name = name
        self._settings = settings
        self._timeout_s = timeout_s
        self._phrases = read_lines(settings.phrases)
        self._client: speech_v2.SpeechAsyncClient | None = None

    async def hear(self, piece: Piece, language: str) -> list[HeardSegment]:
        """Send a piece, and return what was heard in it.

        Raises:
            CallsiftError: Every failure is named in ``errors``.
        """
        request = speech_v2.RecognizeRequest(
            recognizer=f"projects/{self._settings.project}/locations/{self._settings.location}/recognizers/_",
            config=self._config(piece, language),
            content=piece.flac,
        )
        try:
            # without its retries: we try again ourselves, and count it
            answer = await self._made().recognize(request=request, retry=None, timeout=self._timeout_s)
        except exceptions.GoogleAPICallError as error:  # its text may quote the request
            raise self._named(error) from None
        except GoogleAuthError as error:
            raise RecogniserAway(
                f"{self._name}: no credentials for Google ({type(error).__name__})",
                "Name a service account's file in GOOGLE_APPLICATION_CREDENTIALS, or give the pod one",
            ) from None
        except (grpc.RpcError, OSError, asyncio.InvalidStateError) as error:
            raise unanswered(self._name, error, refused=False) from None
        return segments(answer, piece.seconds)

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.transport.close()  # type: ignore[no-untyped-call]

    def _made(self) -> speech_v2.SpeechAsyncClient:
        if self._client is None:  # made inside the event loop that uses it
            endpoint, location = self._settings.endpoint, self._settings.location
            if endpoint is not None and endpoint.startswith(_PLAIN):
                channel = grpc.aio.insecure_channel(endpoint.removeprefix(_PLAIN))
                self._client = speech_v2.SpeechAsyncClient(transport=SpeechGrpcAsyncIOTransport(channel=channel))
            else:
                regional = "speech.googleapis.com" if location == "global" else f"{location}-speech.googleapis.com"
                options = ClientOptions(api_endpoint=endpoint or regional)
                self._client = speech_v2.SpeechAsyncClient(client_options=options)
        return self._client

    def _config(self, piece: Piece, language: str) -> speech_v2.RecognitionConfig:
        codes = self._settings.language_codes
        phrases = [{"value": phrase, "boost": self._settings.phrases_boost} for phrase in self._phrases]
        adaptation = {"phrase_sets": [{"inline_phrase_set": {"phrases": phrases}}]} if phrases else None
        return speech_v2.RecognitionConfig(
            explicit_decoding_config=speech_v2.ExplicitDecodingConfig(
                encoding=speech_v2.ExplicitDecodingConfig.AudioEncoding.FLAC,
                sample_rate_hertz=piece.sample_rate_hz,
                audio_channel_count=1,
            ),
            model=self._settings.model,
            language_codes=[codes.get(language) or codes.get(primary_subtag(language)) or language],
            features=speech_v2.RecognitionFeatures(enable_word_time_offsets=True, enable_word_confidence=True),
            adaptation=adaptation,
        )

    def _named(self, error: exceptions.GoogleAPICallError) -> TransientError | PermanentError:
        code = error.grpc_status_code
        if code is grpc.StatusCode.UNAVAILABLE:  # no connection, too
            return unanswered(self._name, error, refused="connect" in str(error).casefold())
        return refusal(self._name, _STATUS.get(code, 500), _retry_after_s(error))


def segments(answer: speech_v2.RecognizeResponse, seconds: float) -> list[HeardSegment]:
    """Return the first reading of each stretch of an answer; a confidence of 0 means that none was given.

    Args:
        answer: What the service said.
        seconds: Length of the piece.
    """
    found, before_s = [], 0.0
    for result in answer.results:
        end_s = min(seconds, result.result_end_offset.total_seconds() or seconds)
        if result.alternatives:
            found.append(HeardSegment(_words(result.alternatives[0], before_s, end_s)))
        before_s = end_s
    return found


def _words(reading: speech_v2.SpeechRecognitionAlternative, start_s: float, end_s: float) -> list[HeardWord]:
    if not reading.words:
        return spread(reading.transcript, start_s, end_s, reading.confidence or None)
    return [
        HeardWord(
            word.word, word.start_offset.total_seconds(), word.end_offset.total_seconds(), word.confidence or None
        )
        for word in reading.words
    ]


def _retry_after_s(error: exceptions.GoogleAPICallError) -> float | None:
    for detail in error.details:
        with suppress(AttributeError):
            if isinstance(detail, error_details_pb2.RetryInfo):
                return float(detail.retry_delay.ToTimedelta().total_seconds())
    return None
