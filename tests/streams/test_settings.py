"""Settings from the environment."""

import pytest

from streams.errors import SettingsError
from streams.settings import KafkaSettings, RunnerSettings


def test_a_variable_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", "one:9092,two:9092")
    assert KafkaSettings.read().bootstrap_servers == "one:9092,two:9092"


@pytest.mark.parametrize(
    ("section", "variable", "value"),
    [
        (RunnerSettings, "CALLSIFT_RUNNER_WINDOW_SIZE", "0"),
        (RunnerSettings, "CALLSIFT_RUNNER_GRACE_S", "soon"),
        (KafkaSettings, "CALLSIFT_KAFKA_PREFIX", "with space"),
        (KafkaSettings, "CALLSIFT_KAFKA_SESSION_TIMEOUT_S", "60"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_its_variable(
    section: type[RunnerSettings | KafkaSettings], variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable):
        section.read()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_RUNNER_WINDOW_SIZE", "")
    assert RunnerSettings.read().window_size == RunnerSettings.model_fields["window_size"].default
