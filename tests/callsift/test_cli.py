"""The command line: help, exit codes, and what a mistake says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callsift.__main__ import main
from callsift.cli import app
from callsift.running import Running, find_running

runner = CliRunner()
COMMANDS = ["demo", "up", "emit", "inspect", "worker", "train", "eval", "status", "dlq", "outcomes", "topics"]
COMMANDS += ["schemas", "brake", "model", "prompt", "redact", "reprocess", "retention", "store"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    shown = runner.invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_an_unknown_stage_is_misuse_and_the_known_ones_are_named() -> None:
    refused = runner.invoke(app, ["worker", "mixing"])
    assert refused.exit_code == 2
    assert "transcribe" in refused.output


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["callsift", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_wrong_setting_exits_with_2_and_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLSIFT_HTTP_PORT", "99999")
    assert run_main(monkeypatch, "worker", "audio") == 2
    assert "CALLSIFT_HTTP_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("worker", ["sink", "retry"])
def test_a_worker_refuses_a_variable_that_is_no_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], worker: str
) -> None:
    monkeypatch.setenv("CALLSIFT_KAFKA_PREFIXX", "test.")
    assert run_main(monkeypatch, "worker", worker) == 2
    assert "the nearest is CALLSIFT_KAFKA_PREFIX" in capsys.readouterr().err


def test_a_transcribe_worker_without_a_model_does_not_start_and_says_the_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLSIFT_HTTP_PORT", "0")
    monkeypatch.delenv("CALLSIFT_VOSK_MODEL", raising=False)
    assert run_main(monkeypatch, "worker", "transcribe") == 2
    assert "CALLSIFT_VOSK_MODEL" in capsys.readouterr().err


def test_a_request_to_end_that_meets_a_kafka_client_inside_a_call_still_ends_with_0(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted() -> None:
        """Raise as ``AdminClient.list_offsets`` does when a signal handler raises SystemExit inside it."""
        raise SystemError("<built-in method> returned a result with an exception set") from SystemExit(0)

    monkeypatch.setattr("callsift.cli.app", interrupted)
    assert run_main(monkeypatch, "status") == 0


def test_without_what_learns_the_command_names_the_extra() -> None:
    program = "import sys; sys.modules['scipy'] = None; from callsift.__main__ import main; main()"
    refused = subprocess.run([sys.executable, "-c", program, "train"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    [said] = refused.stderr.splitlines()
    assert said.startswith("error: scipy")
    assert said.endswith("is not installed. Install it with: pip install 'callsift[eval]'")


@pytest.mark.parametrize(
    ("package", "command"),
    [("numpy", ["reprocess", "--since", "7d", "--dry-run"]), ("vosk", ["inspect", "demo/recordings/wrong-number.mp3"])],
)
def test_a_command_in_an_image_that_has_not_what_it_needs_says_where_to_run_it(
    package: str, command: list[str]
) -> None:
    program = f"import sys; sys.modules['{package}'] = None; from callsift.__main__ import main; main()"
    refused = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, text=True, check=False)
    assert refused.returncode == 2, refused.stderr
    assert f"{package} is not installed. Run it in the tools' image" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("arguments", [(), ("call.wav", "--test-call")])
def test_emit_wants_recordings_or_the_test_call(arguments: tuple[str, ...]) -> None:
    ended = runner.invoke(app, ["emit", *arguments])
    assert ended.exit_code == 2
    assert "--test-call" in ended.output


def test_schemas_export_writes_one_schema_per_event_and_the_asyncapi_document(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run_main(monkeypatch, "schemas", "export", str(tmp_path)) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert {"CallEnded.schema.json", "CallOutcome.schema.json", "asyncapi.yaml", "openapi.json"} <= names
    assert len(names) == 10


@pytest.mark.integration
def test_inspect_shows_what_every_stage_finds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = Path(__file__).parents[2] / "demo" / "recordings" / "wrong-number.mp3"
    assert run_main(monkeypatch, "inspect", str(recording), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["classify"]["decision"]["sub_category"] == "others"
    assert found["transcribe"]["turns"][0]["speaker"] == "agent"
    assert found["audio"]["speech"]["customer"]


def test_the_state_file_of_a_process_that_is_gone_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CALLSIFT_HOME", str(tmp_path))
    Running(pid=2**22 + 1, environment={}, health={}).write()
    assert (tmp_path / "up.json").exists()
    assert find_running() is None
