"""A local server that speaks Google Speech-to-Text's version 2 (gRPC), with Vosk and the demo model behind it.

The messages are those of Google's own package; scripted failures are gRPC statuses with Google's details.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
from google.cloud import speech_v2
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

from tests.servers.transcriptions import capital, heard


@dataclass
class GoogleServer:
    """A running server."""

    address: str = ""
    received: list[speech_v2.RecognizeRequest] = field(default_factory=list)
    replies: deque[status_pb2.Status | speech_v2.RecognizeResponse] = field(default_factory=deque)
    metadata: list[dict[str, str]] = field(default_factory=list)


def failed(code: str, message: str = "", retry_s: float | None = None) -> status_pb2.Status:
    """Google's own error; ``retry_s`` as google.rpc.RetryInfo."""
    status = status_pb2.Status(code=code_pb2.Code.Value(code), message=message or f"scripted {code}")
    if retry_s is not None:
        delay = Duration()
        delay.FromTimedelta(timedelta(seconds=retry_s))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def transcript(sound: bytes) -> speech_v2.RecognizeResponse:
    """Return the answer about a file: one result, with a confidence for each word."""
    found = heard(sound)
    if not found:
        return speech_v2.RecognizeResponse()
    words = [
        speech_v2.WordInfo(
            word=capital(word["word"]),
            start_offset=timedelta(seconds=word["start"]),
            end_offset=timedelta(seconds=word["end"]),
            confidence=0.75,
        )
        for word in found
    ]
    text = " ".join(word["word"] for word in found)
    reading = speech_v2.SpeechRecognitionAlternative(transcript=text, confidence=0.8, words=words)
    result = speech_v2.SpeechRecognitionResult(
        alternatives=[reading], result_end_offset=timedelta(seconds=found[-1]["end"]), language_code="tr-TR"
    )
    return speech_v2.RecognizeResponse(results=[result])


@asynccontextmanager
async def google_server() -> AsyncIterator[GoogleServer]:
    """Run a server while the block runs."""
    own = GoogleServer()

    async def recognize(request: speech_v2.RecognizeRequest, context: Any) -> speech_v2.RecognizeResponse:
        own.received.append(request)
        own.metadata.append({name: value for name, value in context.invocation_metadata() if isinstance(value, str)})
        reply = own.replies.popleft() if own.replies else transcript(request.content)
        if isinstance(reply, status_pb2.Status):
            context.set_trailing_metadata((("grpc-status-details-bin", reply.SerializeToString()),))
            code = next(code for code in grpc.StatusCode if code.value[0] == reply.code)
            await context.abort(code, reply.message, context.trailing_metadata())
        return reply

    method = grpc.unary_unary_rpc_method_handler(
        recognize,
        request_deserializer=speech_v2.RecognizeRequest.deserialize,
        response_serializer=speech_v2.RecognizeResponse.serialize,
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("google.cloud.speech.v2.Speech", {"Recognize": method}),)
    )
    own.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield own
    finally:
        await server.stop(0)
