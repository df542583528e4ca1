"""One trace per call: what the runner takes and publishes carries it, and a collector sees it."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsift.embedded import free_port
from callsift.worker import make_tracing
from schemas import CallEnded, Event
from streams import cloud_events
from streams.dead_letters.replay import replay_message
from streams.errors import PermanentError, SettingsError, TransientError
from streams.message import Headers, Message
from streams.processing.runner import StageRunner
from streams.processing.spans import NO_TRACING
from streams.processing.tracing import Tracing
from streams.settings import KafkaSettings
from streams.topics import AUDIO, DEAD_LETTER, ENDED, REPROCESS, RETRIES, STAGES, Stage, Topic
from tests.schemas import examples
from tests.servers.otlp import CollectedSpan, Collector, otlp_collector
from tests.streams.scripted import CALL, OUTCOME, PATIENCE, SETTINGS, Broker, Scripted, message, take

PBX_TRACE, PBX_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FROM_PBX: Headers = (("source", b"pbx"), ("traceparent", f"00-{PBX_TRACE}-{PBX_SPAN}-01".encode()))
KAFKA = KafkaSettings(prefix="shop.")
READY = examples.audio_ready()
ODD = st.from_regex(r"[a-z0-9@=;,%\x7f-\xff ]*", fullmatch=True).map(lambda text: text.encode("latin-1"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def collector(environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with otlp_collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.address)
        yield running


async def traced(agent: Scripted, broker: Broker, taken: Message | None = None, stage: Stage = STAGES["audio"]) -> None:
    """Take a message to its end with tracing on, and let the worker end, so that the collector has every span."""
    tracing = Tracing(stage.name, KAFKA.prefix)
    await StageRunner(stage, agent, broker.publish, SETTINGS, tracing=tracing, patience=PATIENCE).take(
        taken or message()
    )
    tracing.stop()


def carried(headers: Headers) -> tuple[str, str]:
    """Trace and span that headers name, once."""
    [value] = [value for name, value in headers if name == "traceparent"]
    assert value is not None
    _, trace_id, span_id, _ = value.decode().split("-")
    return trace_id, span_id


def only(found: list[CollectedSpan]) -> CollectedSpan:
    [span] = found
    return span


async def test_a_call_that_brings_a_trace_goes_on_in_it(collector: Collector) -> None:
    broker = Broker()
    await traced(Scripted(OUTCOME), broker, message(headers=FROM_PBX))
    processed, sent = only(collector.named("process calls.ended")), only(collector.named("send calls.audio"))
    assert (processed.trace_id, processed.parent_id) == (PBX_TRACE, PBX_SPAN)
    assert (sent.trace_id, sent.parent_id) == (PBX_TRACE, processed.span_id)
    assert carried(broker.published[0].headers) == (PBX_TRACE, sent.span_id)
    assert (processed.kind, sent.kind) == ("CONSUMER", "PRODUCER")
    assert collector.path == "/v1/traces"


async def test_a_call_without_one_begins_the_trace_that_its_events_name(collector: Collector) -> None:
    first, second = Broker(), Broker()
    await traced(Scripted(READY), first)
    [published] = first.published
    await traced(Scripted(OUTCOME), second, message(published.value, AUDIO, published.headers), STAGES["transcribe"])
    assert {span.trace_id for span in collector.spans} == {CALL.trace_id}
    begun, following = only(collector.named("process calls.ended")), only(collector.named("process calls.audio"))
    assert begun.parent_id == ""
    assert following.parent_id == only(collector.named("send calls.audio")).span_id
    assert (begun.service, following.service) == ("callsift-audio", "callsift-transcribe")


async def test_a_span_says_where_the_event_stood_and_how_it_ended(collector: Collector) -> None:
    await traced(Scripted(OUTCOME), Broker())
    processed = only(collector.named("process calls.ended"))
    assert processed.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "shop.calls.ended",
        "messaging.destination.partition.id": "2",
        "messaging.kafka.offset": 17,
        "messaging.consumer.group.name": "shop.callsift.audio",
        "callsift.call_id": "call-1",
        "callsift.result": "done",
    }
    assert not processed.failed


async def test_a_retried_event_stays_in_its_trace(collector: Collector) -> None:
    waiting, done = Broker(), Broker()
    await traced(Scripted(TransientError("not there yet", "wait")), waiting, message(headers=FROM_PBX))
    assert waiting.retry.topic is RETRIES[0]
    assert carried(waiting.retry.headers) == (PBX_TRACE, only(collector.named("send calls.retry.30s")).span_id)
    assert dict(waiting.retry.headers)["source"] == b"pbx"
    await traced(Scripted(OUTCOME), done, replace(message(), headers=waiting.retry.headers))
    assert carried(done.published[0].headers)[0] == PBX_TRACE
    first, second = collector.named("process calls.ended")
    assert (first.failed, first.attributes["callsift.result"]) == (True, "retry")
    assert first.attributes["error.type"] == "TransientError"
    assert (second.failed, second.attributes["callsift.result"]) == (False, "done")


@pytest.mark.parametrize("headers", [FROM_PBX, ()])
async def test_a_dead_letter_and_its_replay_stay_in_the_trace(collector: Collector, headers: Headers) -> None:
    buried, again = Broker(), Broker()
    await traced(Scripted(PermanentError("bad", "cure")), buried, message(headers=headers))
    trace_id = PBX_TRACE if headers else CALL.trace_id
    assert carried(buried.published[0].headers)[0] == trace_id
    replayed = replay_message(buried.dead_letter)
    await traced(Scripted(OUTCOME), again, message(replayed.value, ENDED, replayed.headers))
    assert {span.trace_id for span in collector.spans} == {trace_id}
    assert [span.attributes["callsift.result"] for span in collector.named("process calls.ended")] == [
        "dead_letter",
        "done",
    ]


async def test_a_side_output_stays_in_the_trace(collector: Collector) -> None:
    class Beside(Scripted):
        def side_output(self, event: Any, result: Event) -> tuple[Topic, Event] | None:
            return REPROCESS, event

    broker = Broker()
    await traced(Beside(OUTCOME), broker)
    assert [(sent.topic.name, carried(sent.headers)[0]) for sent in broker.published] == [
        ("calls.reprocess", CALL.trace_id),
        ("calls.audio", CALL.trace_id),
    ]


async def test_a_message_that_cannot_be_read_has_a_span_too(collector: Collector) -> None:
    broker = Broker()
    await traced(Scripted(OUTCOME), broker, message(b"customer said: 4111", headers=FROM_PBX))
    processed = only(collector.named("process calls.ended"))
    assert (processed.trace_id, processed.attributes["error.type"]) == (PBX_TRACE, "UnreadableEvent")
    assert "callsift.call_id" not in processed.attributes
    assert broker.published[0].topic is DEAD_LETTER


@pytest.mark.parametrize(
    "traceparent", [b"", b"nonsense", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01", None, b"\xff"]
)
async def test_a_header_that_names_no_trace_is_as_none(collector: Collector, traceparent: bytes | None) -> None:
    broker = Broker()
    await traced(Scripted(OUTCOME), broker, message(headers=(("traceparent", traceparent),)))
    assert carried(broker.published[0].headers)[0] == CALL.trace_id


def test_no_header_stops_an_event(collector: Collector) -> None:
    tracing = Tracing("audio", KAFKA.prefix)
    names = st.sampled_from(["traceparent", "tracestate", "baggage"])

    @given(st.sampled_from([FROM_PBX, ()]), st.dictionaries(names, st.binary(max_size=300) | ODD))
    def goes_through(first: Headers, others: dict[str, bytes]) -> None:
        broker = Broker()
        runner = StageRunner(
            STAGES["audio"], Scripted(OUTCOME), broker.publish, SETTINGS, tracing=tracing, patience=PATIENCE
        )
        asyncio.run(runner.take(message(headers=(*first, *others.items()))))
        assert carried(broker.published[0].headers)[0] == (PBX_TRACE if first else CALL.trace_id)

    goes_through()
    tracing.stop()
    assert collector.named("process calls.ended")


async def test_no_text_of_an_error_and_nothing_of_the_event_reaches_a_span(collector: Collector) -> None:
    said = CALL.model_copy(update={"caller": "+905551112233", "metadata": {"note": "4111"}}).model_dump_json().encode()
    await traced(Scripted(ZeroDivisionError("customer said: 4111")), Broker(), message(said))
    await traced(Scripted(PermanentError("4111 is no recording", "mend 4111")), Broker(), message(said))
    broker = Broker(refusals=[PermanentError("4111 is too large", "raise"), ConnectionError("4111")])
    await traced(Scripted(OUTCOME), broker, message(said))
    assert len(collector.named("process calls.ended")) == 3
    assert {span.message for span in collector.spans} == {""}
    for body in collector.bodies:
        assert b"4111" not in body
        assert b"905551112233" not in body


async def test_a_publication_that_no_broker_takes_is_a_failed_span(collector: Collector) -> None:
    await traced(Scripted(OUTCOME), Broker(refusals=[PermanentError("too large", "raise the limit")]))
    refused, letter = only(collector.named("send calls.audio")), only(collector.named("send calls.dead-letter"))
    assert (refused.failed, refused.attributes["error.type"], letter.failed) == (True, "PermanentError", False)


async def test_lines_of_the_log_name_the_trace(collector: Collector, capfd: pytest.CaptureFixture[str]) -> None:
    from streams.logs import set_up_logging

    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        set_up_logging("INFO", "text")
        await traced(Scripted(TransientError("busy", "wait"), OUTCOME), Broker())
    finally:
        logging.getLogger().handlers[:], logging.getLogger().level = before
    lines = capfd.readouterr().err.splitlines()
    for what in ("try failed", "finished"):
        [line] = [line for line in lines if what in line]
        assert f"trace_id={CALL.trace_id}" in line


async def test_without_tracing_no_header_is_added_and_none_is_lost() -> None:
    broker, waiting = Broker(), Broker()
    await take(Scripted(OUTCOME), broker, message(headers=FROM_PBX))
    assert broker.published[0].headers == cloud_events.of_outcome("", OUTCOME)
    await take(Scripted(TransientError("not there yet", "wait")), waiting, message(headers=FROM_PBX))
    assert carried(waiting.retry.headers) == (PBX_TRACE, PBX_SPAN)


async def test_a_collector_that_is_away_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    broker = Broker()
    await traced(Scripted(OUTCOME), broker)
    assert carried(broker.published[0].headers)[0] == CALL.trace_id


async def test_the_sdks_own_variables_name_the_service_and_choose_the_sampler(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "telephony")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    await traced(Scripted(OUTCOME), Broker())
    assert {span.service for span in collector.spans} == {"telephony"}
    collector.bodies.clear()
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    broker = Broker()
    await traced(Scripted(OUTCOME), broker)
    assert collector.bodies == []
    assert carried(broker.published[0].headers)[0] == CALL.trace_id  # the next stage learns that it is not sampled


async def test_a_sampled_share_of_calls_is_a_share_of_calls(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    tracing = Tracing("audio", "")
    runner = StageRunner(
        STAGES["audio"], Scripted(None), Broker().publish, SETTINGS, tracing=tracing, patience=PATIENCE
    )
    for number in range(400):
        call = CallEnded(call_id=f"call-{number}", ended_at=CALL.ended_at, recording=CALL.recording)
        await runner.take(message(call.model_dump_json().encode(), headers=()))
    tracing.stop()
    assert len(collector.spans) == pytest.approx(100, abs=30)  # the same calls every time


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "True"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_a_worker_traces_where_the_variables_name_a_collector(
    variables: dict[str, str], on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    tracing = make_tracing("audio", KAFKA)
    assert isinstance(tracing, Tracing) == on
    tracing.stop()


def test_a_value_that_the_sdk_refuses_stops_the_start_in_one_sentence(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100000")  # more than its queue holds
    with pytest.raises(SettingsError, match="OpenTelemetry refuses its settings: "):
        make_tracing("audio", KAFKA)


def test_without_the_extra_a_worker_says_what_is_missing_and_works_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "streams.processing.tracing")
    assert make_tracing("audio", KAFKA) is NO_TRACING
    assert "callsift[tracing]" in caplog.text
