"""``callsift model``: fetch against a server on this machine, and check with the demo model."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from callsift.commands.model import app
from streams.errors import CallsiftError, SettingsError
from tests.agents.demo_calls import SPEECH_MODEL
from tests.agents.transcribe.model_files.archive_server import ArchiveServer, archive_server
from tests.agents.transcribe.model_files.archives import NAME, demo_zip
from tests.patience import PATIENCE_S

ARCHIVE = demo_zip()
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with archive_server(ARCHIVE) as running:
        yield running


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("CALLSIFT_VOSK_MODEL", raising=False)
    monkeypatch.setenv("CALLSIFT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_help_names_the_official_small_turkish_model_as_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    shown = run("fetch", "--help")
    assert "https://alphacephei.com/vosk/models/vosk-model-small-tr-0.3.zip" in shown.output


def test_fetch_prints_the_setting_on_standard_output_and_everything_else_on_standard_error(
    server: ArchiveServer, home: Path
) -> None:
    fetched = run("fetch", "--url", server.url())
    assert fetched.exit_code == 0
    assert fetched.stdout == f"CALLSIFT_VOSK_MODEL={home / 'models' / NAME}\n"
    assert SHA256 in fetched.stderr
    assert f"of {len(ARCHIVE) / 1e6:.1f} MB" in fetched.stderr
    assert 2 <= fetched.stderr.count("downloaded") <= 11


def test_fetching_again_says_that_it_is_there(server: ArchiveServer, tmp_path: Path) -> None:
    arguments = ("fetch", "--url", server.url(), "--sha256", SHA256, "--to", str(tmp_path / "my models"))
    first, again = run(*arguments), run(*arguments)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "already there" not in first.stderr
    assert "already there" in again.stderr
    assert SHA256 in again.stderr
    assert again.stdout == first.stdout == f"CALLSIFT_VOSK_MODEL='{tmp_path}/my models/{NAME}'\n"
    assert len(server.asked) == 1


@pytest.mark.parametrize("sha256", ["abc", "g" * 64, ""])
def test_a_text_that_is_no_checksum_is_misuse(server: ArchiveServer, sha256: str) -> None:
    assert run("fetch", "--url", server.url(), "--sha256", sha256).exit_code == 2
    assert server.asked == []


def test_a_wrong_checksum_fails_and_leaves_no_model(server: ArchiveServer, home: Path) -> None:
    refused = run("fetch", "--url", server.url(), "--sha256", "0" * 64)
    assert refused.exit_code == 1
    assert isinstance(refused.exception, CallsiftError)
    assert not isinstance(refused.exception, SettingsError)
    assert not (home / "models" / NAME).exists()


def test_a_missing_setting_is_misuse_and_the_cure_names_it() -> None:
    refused = run("check")
    assert isinstance(refused.exception, SettingsError)
    assert "CALLSIFT_VOSK_MODEL" in refused.exception.cure


@pytest.mark.parametrize("named", ["argument", "setting"])
def test_check_says_what_the_demo_model_is(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    if named == "setting":
        monkeypatch.setenv("CALLSIFT_VOSK_MODEL", str(SPEECH_MODEL))
    checked = run("check", "--json", *([str(SPEECH_MODEL)] if named == "argument" else []))
    assert checked.exit_code == 0, checked.output
    facts = json.loads(checked.stdout)
    assert facts["name"] == "model"
    assert facts["fingerprint"].startswith("model@")
    assert facts["size_bytes"] == sum(path.stat().st_size for path in SPEECH_MODEL.rglob("*") if path.is_file())
    assert facts["sample_rate_hz"] == 16000


def test_check_prints_a_line_for_every_fact() -> None:
    checked = run("check", str(SPEECH_MODEL))
    assert checked.exit_code == 0, checked.output
    lines = dict(line.split("\t") for line in checked.stdout.splitlines())
    assert lines["name"] == "model"
    assert lines["sample rate"] == "16000 Hz"
    assert {"fingerprint", "size on disk", "time to load", "memory"} <= lines.keys()


@pytest.mark.integration
def test_loading_in_a_process_of_its_own_takes_time_and_memory() -> None:
    program = "from callsift.commands.model import app; app()"
    command = [sys.executable, "-c", program, "check", str(SPEECH_MODEL), "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    facts = json.loads(ended.stdout)
    assert facts["resident_bytes"] > facts["size_bytes"] / 2
    assert facts["load_s"] > 0


def damaged_folders(parent: Path) -> dict[str, Path]:
    folders = {kind: parent / kind for kind in ("missing", "empty", "file", "cut", "no graph")}
    folders["empty"].mkdir()
    folders["file"].write_text("not a model", encoding="utf-8")
    for kind in ("cut", "no graph"):
        shutil.copytree(SPEECH_MODEL, folders[kind])
    acoustic = folders["cut"] / "am" / "final.mdl"
    acoustic.write_bytes(acoustic.read_bytes()[:100_000])
    (folders["no graph"] / "graph" / "HCLG.fst").unlink()
    return folders


@pytest.mark.parametrize("kind", ["missing", "empty", "file", "cut", "no graph"])
def test_a_folder_without_a_usable_model_fails_and_the_cure_names_the_variable(tmp_path: Path, kind: str) -> None:
    refused = run("check", str(damaged_folders(tmp_path)[kind]))
    assert refused.exit_code == 1
    assert isinstance(refused.exception, CallsiftError)
    assert not isinstance(refused.exception, SettingsError)
    assert "CALLSIFT_VOSK_MODEL" in refused.exception.cure
    assert str(tmp_path / kind) in refused.exception.message
