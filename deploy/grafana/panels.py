"""What the dashboard shows: rows of panels, each with its queries. The panels' descriptions are the metrics' own."""

from dataclasses import dataclass

_RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class Panel:
    """One graph, or one figure if ``is_figure``."""

    title: str
    unit: str
    """Grafana's name of it."""
    queries: dict[str, str]
    """PromQL by the legend of its series."""
    is_figure: bool = False
    highest: float | None = None
    """Upper end of the axis, where there is one."""


def _rate(metric: str, by: str = "") -> str:
    return f"sum {f'by ({by}) ' if by else ''}(rate({metric}{_RATE}))"


def _quantile(share: float, metric: str, by: str = "") -> str:
    return f"histogram_quantile({share}, {_rate(f'{metric}_bucket', f'le, {by}' if by else 'le')})"


def _share(part: str, whole: str) -> str:
    return f"{part} / ({whole} > 0)"


def _newest(metric: str, by: str) -> str:
    return f"time() - max by ({by}) ({metric} > 0)"


_CALL_SECONDS = "callsift_call_duration_until_outcome_seconds"
_DECISIONS = "callsift_classify_decisions_total"

ROWS: dict[str, tuple[Panel, ...]] = {
    "Calls": (
        Panel(
            "Classified within 60 s of hang-up (goal: 95 %)",
            "percentunit",
            {"share": _share(_rate(f'{_CALL_SECONDS}_bucket{{le="60.0"}}'), _rate(f"{_CALL_SECONDS}_count"))},
            is_figure=True,
            highest=1,
        ),
        Panel("Outcomes a minute", "short", {"{{state}}": f"60 * {_rate('callsift_outcomes_total', 'state')}"}),
        Panel(
            "Labels and facts a minute",
            "short",
            {"{{kind}}, {{result}}": f"60 * {_rate('callsift_annotations_total', 'kind, result')}"},
        ),
        Panel(
            "From hang-up to outcome",
            "s",
            {"half within": _quantile(0.5, _CALL_SECONDS), "95 % within": _quantile(0.95, _CALL_SECONDS)},
        ),
        Panel(
            "Share of decisions by category",
            "percentunit",
            {
                "{{category}}": f"{_rate(_DECISIONS, 'category')} / ignoring (category) "
                f"group_left () {_rate(_DECISIONS)}"
            },
            highest=1,
        ),
    ),
    "Ways in": (
        Panel(
            "What sources said, a minute",
            "short",
            {"{{source}}, {{result}}": f"60 * {_rate('callsift_source_events_total', 'source, result')}"},
        ),
        Panel(
            "Since a source last handed a call in",
            "s",
            {"{{source}}": _newest('callsift_source_last_event_timestamp_seconds{result="taken"}', "source")},
        ),
    ),
    "What waits": (
        Panel(
            "Messages that wait, by stage",
            "short",
            {"{{stage}}": "sum by (stage) (max by (stage, topic) (callsift_consumer_lag_messages))"},
        ),
        Panel(
            "Age of the oldest that waits",
            "s",
            {"{{stage}}": "max by (stage) (callsift_oldest_unprocessed_age_seconds)"},
        ),
        Panel(
            "Waiting for another try",
            "short",
            {"{{topic}}": "max by (topic) (callsift_retries_waiting_messages)"},
        ),
        Panel(
            "Dead letters not replayed yet",
            "short",
            {
                "dead letters": "max (callsift_dead_letters_messages)",
                "for two days or more": "max (callsift_dead_letters_old_messages)",
            },
            is_figure=True,
        ),
        Panel(
            "Brakes applied",
            "short",
            {"{{stage}}": "max by (stage) (callsift_brake_applied_ratio)"},
            highest=1,
        ),
        Panel(
            "Since a stage last finished an event",
            "s",
            {"{{stage}}": _newest("callsift_last_progress_timestamp_seconds", "stage")},
        ),
        Panel(
            "Since what is too old was last removed",
            "s",
            {"{{kind}}": _newest("callsift_retention_last_success_timestamp_seconds", "kind")},
        ),
        Panel(
            "Since the brokers last told the monitor",
            "s",
            {"monitor": "time() - max (callsift_monitor_last_look_timestamp_seconds)"},
            is_figure=True,
        ),
    ),
    "Stages": (
        Panel(
            "Events a second by stage and result",
            "short",
            {"{{stage}} {{result}}": _rate("callsift_events_total", "stage, result")},
        ),
        Panel(
            "Seconds of an event, 95 % within",
            "s",
            {"{{stage}}": _quantile(0.95, "callsift_stage_duration_seconds", "stage")},
        ),
        Panel("Events in work", "short", {"{{stage}}": "sum by (stage) (callsift_in_flight_events)"}),
        Panel(
            "Workers paused",
            "short",
            {"{{stage}} {{reason}}": "sum by (stage, reason) (callsift_paused_ratio)"},
        ),
        Panel(
            "Failed tries a minute",
            "short",
            {"{{stage}} {{kind}}": f"60 * {_rate('callsift_failed_tries_total', 'stage, kind')}"},
        ),
        Panel(
            "Retries moved back a minute",
            "short",
            {"{{topic}}": f"60 * {_rate('callsift_retries_moved_total', 'topic')}"},
        ),
        Panel(
            "Publications tried again a minute",
            "short",
            {"{{stage}}": f"60 * {_rate('callsift_publish_retries_total', 'stage')}"},
        ),
        Panel("Workers that answer", "short", {"{{worker}}": 'sum by (worker) (up{worker!=""})'}),
    ),
    "What it stands on": (
        Panel(
            "Kafka's confirmation, 95 % within",
            "s",
            {"{{stage}}": _quantile(0.95, "callsift_publish_duration_seconds", "stage")},
        ),
        Panel(
            "MongoDB's answer, 95 % within",
            "s",
            {"{{operation}}": _quantile(0.95, "callsift_store_duration_seconds", "operation")},
        ),
        Panel(
            "Rebalances an hour",
            "short",
            {"{{stage}}": "sum by (stage) (increase(callsift_rebalances_total[1h]))"},
        ),
        Panel(
            "Free share of the audio store's disk",
            "percentunit",
            {"free": "min (callsift_audio_store_free_ratio)"},
            highest=1,
        ),
        Panel(
            "Until a certificate for Kafka ends",
            "s",
            {"{{certificate}}": "min by (certificate) (callsift_certificate_not_after_timestamp_seconds) - time()"},
        ),
    ),
    "The API": (
        Panel("Requests a second, by status", "short", {"{{status}}": _rate("callsift_api_requests_total", "status")}),
        Panel(
            "An answer, 95 % within",
            "s",
            {"{{route}}": _quantile(0.95, "callsift_api_request_duration_seconds", "route")},
        ),
        Panel("Requests in work", "short", {"in work": "sum (callsift_api_open_requests)"}),
        Panel(
            "Streams",
            "short",
            {
                "open": "sum (callsift_api_open_streams)",
                "ended for their slowness, an hour": "sum (increase(callsift_api_streams_dropped_total[1h]))",
            },
        ),
    ),
    "Audio": (
        Panel(
            "Seconds of audio a second",
            "short",
            {"decoded": _rate("callsift_audio_decoded_seconds_total")},
        ),
        Panel(
            "Share of speech by speaker",
            "percentunit",
            {
                "{{speaker}}": f"{_rate('callsift_audio_speech_seconds_total', 'speaker')} / ignoring (speaker) "
                f"group_left () {_rate('callsift_audio_decoded_seconds_total')}"
            },
        ),
        Panel(
            "Recordings a minute by layout",
            "short",
            {"{{layout}}": f"60 * {_rate('callsift_audio_recordings_total', 'layout')}"},
        ),
        Panel(
            "Calls without a recording a minute",
            "short",
            {"{{disposition}}": f"60 * {_rate('callsift_audio_unrecorded_calls_total', 'disposition')}"},
        ),
        Panel(
            "Damaged recordings a minute",
            "short",
            {"damaged": f"60 * {_rate('callsift_audio_damaged_recordings_total')}"},
        ),
    ),
    "Transcribe": (
        Panel(
            "Seconds of speech a second",
            "short",
            {
                "decoded": _rate("callsift_transcribe_decoded_seconds_total"),
                "taken from checkpoints": _rate("callsift_transcribe_resumed_seconds_total"),
            },
        ),
        Panel(
            "Real-time factor",
            "short",
            {
                "factor": _share(
                    _rate("callsift_transcribe_busy_seconds_total"), _rate("callsift_transcribe_decoded_seconds_total")
                )
            },
        ),
        Panel(
            "Words by second of speech",
            "short",
            {
                "words": _share(
                    _rate("callsift_transcribe_words_total"), _rate("callsift_transcribe_decoded_seconds_total")
                )
            },
        ),
        Panel(
            "Hosted recognisers: requests a second",
            "reqps",
            {"{{engine}} {{result}}": f"sum by (engine, result) ({_rate('callsift_transcribe_requests_total')})"},
        ),
        Panel(
            "Hosted recognisers: seconds sent, words left out, cost, a second",
            "short",
            {
                "seconds": _rate("callsift_transcribe_sent_seconds_total"),
                "words left out": _rate("callsift_transcribe_dropped_words_total"),
                "cost": _rate("callsift_transcribe_cost_total"),
            },
        ),
        Panel(
            "Turns withheld a minute",
            "short",
            {"withheld": f"60 * {_rate('callsift_transcribe_withheld_turns_total')}"},
        ),
    ),
    "Classify": (
        Panel(
            "Requests a minute by result",
            "short",
            {"{{result}}": f"60 * {_rate('callsift_classify_requests_total', 'result')}"},
        ),
        Panel(
            "Tokens a minute",
            "short",
            {"{{kind}}": f"60 * {_rate('callsift_classify_tokens_total', 'kind')}"},
        ),
        Panel("Cost of the last day", "short", {"cost": "sum (increase(callsift_classify_cost_total[1d]))"}),
        Panel(
            "Budget of the day that is spent",
            "percentunit",
            {"{{instance}}": "callsift_classify_budget_ratio"},
            highest=1,
        ),
        Panel(
            "Waiting for the limits, 95 % within",
            "s",
            {"wait": _quantile(0.95, "callsift_classify_limiter_wait_seconds")},
        ),
        Panel(
            "Concurrency that the service leaves",
            "percentunit",
            {"{{instance}}": "callsift_classify_concurrency_ratio"},
            highest=1,
        ),
        Panel(
            "Provisional decisions a minute",
            "short",
            {"provisional": f"60 * {_rate('callsift_classify_provisional_total')}"},
        ),
    ),
    "Operations": (
        Panel(
            "Operations that ended, of the last day",
            "short",
            {"{{kind}} {{state}}": "sum by (kind, state) (increase(callsift_operations_total[1d]))"},
        ),
        Panel(
            "Longest wait of an operation for a worker",
            "s",
            {"wait": "max (callsift_api_operation_wait_seconds)"},
        ),
    ),
    "Webhooks": (
        Panel(
            "Tries to post a minute, by what came of them",
            "short",
            {"{{endpoint}} {{result}}": f"60 * {_rate('callsift_webhook_attempts_total', 'endpoint, result')}"},
        ),
        Panel(
            "Deliveries that wait",
            "short",
            {"{{endpoint}}": "max by (endpoint) (callsift_webhook_waiting_deliveries)"},
        ),
        Panel(
            "Age of the oldest that waits",
            "s",
            {"{{endpoint}}": "max by (endpoint) (callsift_webhook_waiting_seconds)"},
        ),
        Panel(
            "Endpoints that are switched off",
            "short",
            {"{{endpoint}}": "max by (endpoint) (callsift_webhook_endpoint_off)"},
        ),
    ),
}
