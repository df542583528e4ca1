"""A collector of traces: OTLP over http, as OpenTelemetry's exporters send it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from callsift.loopback import served


@dataclass(frozen=True)
class CollectedSpan:
    """A span as it arrived."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str | int]
    failed: bool
    message: str
    """The status' description."""


@dataclass
class Collector:
    """A running collector."""

    address: str
    path: str = ""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[CollectedSpan]:
        """Everything that has arrived, in the order in which it began."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        found = [
            (span.start_time_unix_nano, _collected(_values(resource.resource.attributes)["service.name"], span))
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return [span for _, span in sorted(found, key=lambda pair: pair[0])]

    def named(self, name: str) -> list[CollectedSpan]:
        """The spans with a name."""
        return [span for span in self.spans if span.name == name]


@contextmanager
def otlp_collector() -> Iterator[Collector]:
    """Run a collector on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.path = self.path
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with served(Handler) as address:
        collector = Collector(address)
        yield collector


def _collected(service: str | int, span: Span) -> CollectedSpan:
    return CollectedSpan(
        service=str(service),
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        attributes=_values(span.attributes),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        message=span.status.message,
    )


def _values(attributes: Any) -> dict[str, str | int]:
    return {pair.key: _value(pair) for pair in attributes}


def _value(pair: KeyValue) -> str | int:
    return pair.value.int_value if pair.value.HasField("int_value") else pair.value.string_value
