"""Traces: one per call, across the stages, through the headers of the messages (W3C trace context).

The only module that imports opentelemetry, and nobody imports it unless a collector is named (callsift/worker.py). What
the SDK can read from its own variables it does read: sampling, headers of requests, time-outs, certificates, batches.
A span holds no text that was said, no number and no error's message.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from opentelemetry import context, propagate
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, SpanKind, StatusCode, format_trace_id

from schemas import Event
from streams.errors import SettingsError
from streams.logs import logged_with
from streams.message import Headers, Message
from streams.processing.spans import Ended
from streams.topics import STAGES

_FLUSH_LIMIT_S = 5.0
"""How long the end of a worker waits for a collector."""
_trace_id_of_call: ContextVar[int] = ContextVar("callsift_trace_id_of_call", default=0)


class Tracing:
    """Makes one stage's spans and carries their context from message to message."""

    def __init__(self, stage: str, prefix: str) -> None:
        """Connect to nothing yet; the exporter sends from a thread of its own, and drops what it cannot send.

        Args:
            stage: The stage; ``callsift-STAGE`` is the service's name unless OTEL_SERVICE_NAME has another.
            prefix: What stands before the names of topics and of the consumer group.

        Raises:
            SettingsError: One of OpenTelemetry's variables has a value that the SDK refuses.
        """
        self._prefix = prefix
        self._group = prefix + STAGES[stage].group
        try:
            processor = BatchSpanProcessor(OTLPSpanExporter())
        except ValueError as error:
            raise SettingsError(
                f"OpenTelemetry refuses its settings: {error}", "Correct the OTEL_ variables; see docs/tracing.md"
            ) from error
        named = OTELResourceDetector().detect().attributes
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": f"callsift-{stage}", **named}),
            id_generator=_CallTraceIds(),
            shutdown_on_exit=False,  # stop() does it, within a limit
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("callsift")

    @contextmanager
    def processing(self, message: Message, event: Event | None, taken_at: datetime) -> Iterator[Ended]:
        """Span the work on a message, as a child of what its headers name, else as the beginning of the call's trace.

        Args:
            message: The message.
            event: Its event; None: it could not be read.
            taken_at: When it was taken: the beginning of the span.

        Yields:
            What tells the span how the message ended: the result, and the type of the error it was given up for.
        """
        attributes: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.consumer.group.name": self._group,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": self._prefix + message.topic.name,
            "messaging.destination.partition.id": str(message.partition),
            "messaging.kafka.offset": message.offset,
        }
        if call_id := getattr(event, "call_id", None):
            attributes["callsift.call_id"] = call_id
        parent = context.attach(propagate.extract(message.headers, context.Context(), _HEADERS))
        own = _trace_id_of_call.set(int(event.trace_id, 16) if event else 0)
        try:
            with (
                self._tracer.start_as_current_span(
                    f"process {message.topic.name}",
                    kind=SpanKind.CONSUMER,
                    attributes=attributes,
                    start_time=round(taken_at.timestamp() * 1e9),
                    record_exception=False,
                    set_status_on_exception=False,
                ) as span,
                logged_with(trace_id=format_trace_id(span.get_span_context().trace_id)),
            ):
                yield lambda result, error_type: _ended(span, result, error_type)
        finally:
            _trace_id_of_call.reset(own)
            context.detach(parent)

    @contextmanager
    def sending(self, topic: str, headers: Headers) -> Iterator[Headers]:
        """Span the publication of a message, until it is confirmed; yields its headers with the span's context."""
        with self._tracer.start_as_current_span(
            f"send {topic}",
            kind=SpanKind.PRODUCER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "send",
                "messaging.operation.type": "send",
                "messaging.destination.name": self._prefix + topic,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            carrier: dict[str, str] = {}
            propagate.inject(carrier)
            outdated = propagate.get_global_textmap().fields
            others = tuple(header for header in headers if header[0] not in outdated)
            try:
                yield (*others, *((name, value.encode()) for name, value in carrier.items()))
            except Exception as error:
                _failed(span, type(error).__name__)
                raise

    def stop(self) -> None:
        """Send what is left, for five seconds at the most: a collector that is away holds up no worker's end."""
        flushing = threading.Thread(target=self._provider.shutdown, name="trace-flush", daemon=True)
        flushing.start()
        flushing.join(_FLUSH_LIMIT_S)


class _CallTraceIds(RandomIdGenerator):
    """Gives a trace that begins here the identifier that all events of its call carry."""

    def generate_trace_id(self) -> int:
        return _trace_id_of_call.get() or super().generate_trace_id()

    def is_trace_id_random(self) -> bool:
        return False  # a producer outside may have given it


class _HeaderGetter(Getter[Headers]):
    def get(self, carrier: Headers, key: str) -> list[str] | None:
        return [(value or b"").decode(errors="replace") for name, value in carrier if name == key] or None

    def keys(self, carrier: Headers) -> list[str]:
        return [name for name, _ in carrier]


_HEADERS = _HeaderGetter()


def _ended(span: Span, result: str, error_type: str | None) -> None:
    span.set_attribute("callsift.result", result)
    if error_type is not None:
        _failed(span, error_type)


def _failed(span: Span, error_type: str) -> None:
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR)  # without a description: messages name recordings
