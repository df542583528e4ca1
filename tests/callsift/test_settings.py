"""Variables that look like a setting: those that are one are known, all others stop the start."""

import re
from pathlib import Path

import pytest

from callsift.retired_settings import RETIRED
from callsift.settings import HOME, PUSH_KEY, VARIABLES, refuse_unknown
from streams.errors import SettingsError
from tests.callsift.terminal import run

ROOT = Path(__file__).parents[2]
SERVICE = {
    "CALLSIFT_AUDIO_SERVICE_HOST": "10.96.0.11",
    "CALLSIFT_AUDIO_SERVICE_PORT": "8000",
    "CALLSIFT_AUDIO_SERVICE_PORT_HTTP": "8000",
    "CALLSIFT_AUDIO_PORT": "tcp://10.96.0.11:8000",
    "CALLSIFT_AUDIO_PORT_8000_TCP": "tcp://10.96.0.11:8000",
    "CALLSIFT_AUDIO_PORT_8000_TCP_PROTO": "tcp",
    "CALLSIFT_AUDIO_PORT_8000_TCP_PORT": "8000",
    "CALLSIFT_AUDIO_PORT_8000_TCP_ADDR": "10.96.0.11",
}
"""What a kubelet tells a pod of a Service callsift-audio with a port called http."""


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("CALLSIFT_RUNNER_WINDOW_SISE", "CALLSIFT_RUNNER_WINDOW_SIZE"),
        ("CALLSIFT_CLASIFIER", "CALLSIFT_CLASSIFIER"),
        ("CALLSIFT_CLASSIFY_CLASSIFIER", "CALLSIFT_CLASSIFIER"),
        ("CALLSIFT_HTP_PORT", "CALLSIFT_HTTP_PORT"),
        ("CALLSIFT_HOMES", "CALLSIFT_HOME"),
        ("callsift_log_levle", "CALLSIFT_LOG_LEVEL"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_setting_and_without_its_value(name: str, nearest: str) -> None:
    with pytest.raises(SettingsError) as refused:
        refuse_unknown({name: "a-secret", "PATH": "/bin"})
    assert f"{name} is no setting, the nearest is {nearest}" in str(refused.value)
    assert "docs/settings.md" in str(refused.value)
    assert "a-secret" not in str(refused.value)


def test_a_name_that_is_near_to_nothing_is_refused_too() -> None:
    with pytest.raises(SettingsError, match="CALLSIFT_ZZZQQQXXX is no setting\\."):
        refuse_unknown({"CALLSIFT_ZZZQQQXXX": "1"})


def test_every_misspelt_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"CALLSIFT_KAFKA_PREFIXX.*CALLSIFT_LOG_LEVLE"):
        refuse_unknown({"CALLSIFT_LOG_LEVLE": "INFO", "CALLSIFT_KAFKA_PREFIXX": "a"})


def test_every_setting_is_known_in_any_case() -> None:
    refuse_unknown(dict.fromkeys([*VARIABLES, *(name.lower() for name in VARIABLES), HOME, PUSH_KEY], "1"))


def test_a_variable_with_another_prefix_passes() -> None:
    refuse_unknown(
        {"CALLSIFTER": "1", "MY_CALLSIFT_TOKEN": "1", "OTEL_SERVICE_NAME": "a", "CALLSIFT_TEST_KAFKA": "a:1"}
    )


def test_the_variables_that_kubernetes_sets_for_a_service_called_callsift_pass() -> None:
    refuse_unknown(SERVICE)


def test_a_port_that_is_no_address_of_a_service_is_refused() -> None:
    with pytest.raises(SettingsError, match="CALLSIFT_AUDIO_PORT"):
        refuse_unknown(SERVICE | {"CALLSIFT_AUDIO_PORT": "8000"})


def test_every_variable_that_the_project_sets_is_known() -> None:
    """Docker, compose, the chart, tests, trials and benchmarks: what their files name, a process may be told."""
    folders = ("deploy", "tests", "benchmarks", "demo", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [ROOT / name for name in ("Makefile", "docker-compose.kafka.yml", ".env.example")]
    misspelt = ("callsift/test_settings.py", "callsift/test_cli.py", "deploy/test_chart.py")  # for the refusal's sake
    wrong = {ROOT / "tests" / name for name in (*misspelt, "callsift/evaluation/test_shadow.py")}
    named: set[str] = set()
    for path in (path for path in files if path not in wrong and path.suffix not in {".pyc", ".json", ".npz"}):
        text = path.read_bytes().decode("utf-8", "ignore")
        named |= set(re.findall(r"\bCALLSIFT_[A-Z0-9_]*[A-Z0-9]\b(?!_)", text))
    assert len(named) > 40
    prefixes = {name for name in named if any(known.startswith(f"{name}_") for known in VARIABLES)} - VARIABLES
    refuse_unknown(dict.fromkeys(named - prefixes, "1"))


@pytest.mark.parametrize("name", sorted(RETIRED.keys() - VARIABLES))
def test_a_retired_setting_is_refused_with_what_to_do_instead(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        refuse_unknown({name: "a-secret"})
    assert f"{name} is no setting any more: {RETIRED[name]}" in refused.value.message
    assert "a-secret" not in str(refused.value)


@pytest.mark.parametrize("instead", sorted(set(RETIRED.values())))
def test_the_advice_for_a_retired_setting_names_existing_settings(instead: str) -> None:
    assert set(re.findall(r"CALLSIFT_\w+", instead)) <= VARIABLES


def test_no_page_names_a_retired_setting() -> None:
    pages = [path for path in ROOT.rglob("*.md") if ".venv" not in path.parts and path.name != "CHANGELOG.md"]
    assert len(pages) > 40
    for page in pages:
        named = set(re.findall(r"CALLSIFT_\w+", page.read_text(encoding="utf-8")))
        assert named & (RETIRED.keys() - VARIABLES) == set(), page


def test_no_setting_is_retired() -> None:
    assert RETIRED.keys() & VARIABLES == set()


def test_there_are_at_most_104_settings() -> None:
    assert len(VARIABLES) <= 104


def test_no_command_starts_with_a_retired_setting() -> None:
    ended = run({"CALLSIFT_MONGO_DATABASE": "calls"}, "worker", "sink")
    assert ended.returncode == 2
    assert "CALLSIFT_MONGO_URI=mongodb://host:27017/database" in ended.stderr


@pytest.mark.parametrize("command", [["worker", "sink"], ["worker", "retry"], ["up"], ["status"], ["topics", "create"]])
def test_no_command_starts_with_a_misspelt_variable(command: list[str]) -> None:
    ended = run({"CALLSIFT_KAFKA_BOOTSTRAP_SERVER": "127.0.0.1:1"}, *command)
    assert ended.returncode == 2
    assert "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS" in ended.stderr
    assert ended.stdout == ""
