"""Settings from the environment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import SettingsError
from streams.settings import KafkaSettings, RunnerSettings, Section, WorkerSettings


def test_a_variable_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", "one:9092,two:9092")
    assert KafkaSettings.read().bootstrap_servers == "one:9092,two:9092"


@pytest.mark.parametrize(
    ("section", "variable", "value"),
    [
        (RunnerSettings, "CALLSIFT_RUNNER_WINDOW_SIZE", "0"),
        (RunnerSettings, "CALLSIFT_RUNNER_GRACE_S", "soon"),
        (KafkaSettings, "CALLSIFT_KAFKA_PREFIX", "with space"),
        (KafkaSettings, "CALLSIFT_KAFKA_SESSION_TIMEOUT_S", "0"),
        (WorkerSettings, "CALLSIFT_HTTP_PORT", "99999"),
        (WorkerSettings, "CALLSIFT_HTTP_PORT", "127.0.0.1"),
        (WorkerSettings, "CALLSIFT_HTTP_PORT", "127.0.0.1:²"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_its_variable(
    section: type[Section], variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        section.read()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_RUNNER_WINDOW_SIZE", "")
    assert RunnerSettings.read().window_size == RunnerSettings.model_fields["window_size"].default


@pytest.mark.parametrize(
    ("value", "address"),
    [("8000", ("", 8000)), ("127.0.0.1:0", ("127.0.0.1", 0)), ("metrics.local:65535", ("metrics.local", 65535))],
)
def test_metrics_listen_on_a_port_of_all_addresses_or_of_one(value: str, address: tuple[str, int]) -> None:
    assert WorkerSettings(http_port=value).listens_on == address


@given(session_s=st.floats(0.1, 1800), rebalance_s=st.floats(0.1, 1800))
def test_the_times_that_follow_from_session_and_rebalance_fit_together(session_s: float, rebalance_s: float) -> None:
    kafka = KafkaSettings(session_timeout_s=session_s, rebalance_timeout_s=rebalance_s)
    assert kafka.heartbeat_interval_s * 3 <= session_s < kafka.request_timeout_s
    assert kafka.handover_s * 2 <= rebalance_s < kafka.request_timeout_s


def test_the_times_that_follow_are_those_that_were_defaults() -> None:
    kafka = KafkaSettings()
    assert (kafka.heartbeat_interval_s, kafka.request_timeout_s, kafka.handover_s) == (1.5, 12.0, 3.0)
