"""Who is talked to: no worker looks up a name or connects to an address that the settings do not name."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from agents.classify import offline
from callsift.cli import app
from callsift.demo_files import RECORDINGS
from tests.callsift.conftest import Up, start_up
from tests.outside import QUIET, loud, strangers
from tests.patience import PATIENCE_S
from tests.servers.gemini import gemini_server
from tests.servers.mongo import with_database
from tests.servers.recorder import Destination, destinations, recording

pytestmark = pytest.mark.integration
WATCHED_S = 20.0
"""Telemetry may come late: ONNX Runtime's is sent some 10 s after a model was loaded."""
LOOK_UP = 53


def test_the_recorder_sees_the_connections_of_native_code(tmp_path: Path) -> None:
    program = (
        "import socket\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.7', 4317))\n"
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('::1', 4318))\n"
        "try: socket.getaddrinfo('telemetry.invalid', 443)\n"
        "except OSError: pass\n"
    )
    log = tmp_path / "calls"
    subprocess.run([*recording(log), sys.executable, "-c", program], timeout=60, check=True)
    found = destinations(log)
    assert {Destination("192.0.2.7", 4317), Destination("::1", 4318)} <= found.keys()
    assert LOOK_UP in {place.port for place in found}


@pytest.mark.slow  # `make outside`
def test_no_worker_connects_to_an_address_that_the_settings_do_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in QUIET:
        monkeypatch.delenv(name, raising=False)
    log, home = tmp_path / "calls", tmp_path / "home"
    home.mkdir()
    with gemini_server() as server:
        gemini = {
            "CALLSIFT_CLASSIFIER": "gemini",
            "CALLSIFT_CLASSIFY_AGREEMENT": "offline",  # so that this one is loaded, too
            "CALLSIFT_GEMINI_API_KEY": "key",
            "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": server.address,
        }
        up = start_up(tmp_path, recorder=recording(log), HOME=str(home), **gemini)
        named = ports(up) | {urlsplit(server.address).port}
        try:
            [outcome] = up.emit(RECORDINGS / "leaking-washing-machine.wav")
            assert (outcome["state"], outcome["classifier"]) == ("done", "gemini")
            deadline = time.monotonic() + WATCHED_S
            while time.monotonic() < deadline and not strangers(log, named):
                time.sleep(0.5)
        finally:
            up.process.terminate()
            assert up.process.wait(60) == 0, up.log.read_text()
    assert strangers(log, named) == {}
    assert {place.port for place in destinations(log)} & named, "nothing was recorded"
    assert list(home.rglob("*")) == [], "nobody leaves anything in the home folder"


LABELLED = Path(offline.__file__).parent / "dialogues" / "evaluation.jsonl"
SHEET = Path(__file__).parent / "word_errors" / "sheet.txt"
RECORDS = Path(__file__).parents[1] / "sources" / "asterisk" / "traces" / "22.cdr.csv"
TAXONOMY = str(Path(__file__).parents[2] / "schemas")
NOBODY = 9
CALL = "11111111-1111-4111-8111-111111111111"
RUNS = {
    "status": (),
    "summary": ("--format", "json"),
    "doctor": (),
    "emit": (str(RECORDINGS / "wrong-number.mp3"), "--wait"),
    "inspect": (str(RECORDINGS / "wrong-number.mp3"),),
    "trial": (str(RECORDINGS), "--limit", "1", "--page", "{folder}/trial.html"),
    "redact": ("{dialogues}",),
    "prompt": ("{dialogues}",),
    "worker reprocess": (),
    "train": ("--output", "{folder}/model.npz"),
    "reprocess": ("--dry-run", "--since", "2026-01-01T00:00:00Z"),
    "forget": ("--call", CALL, "--dry-run"),
    "hold": ("--call", CALL, "--reason", "a test"),
    "eval": ("{labelled}", "--classifier", "offline", "--limit", "20", "--predictions", "{folder}/predictions"),
    "outcomes tail": ("--from-start", "--seconds", "1"),
    "dlq list": (),
    "dlq show": ("0000",),
    "dlq replay": ("--all", "--dry-run"),
    "topics list": (),
    "topics create": ("--check",),
    "topics export": ("--cluster", "main"),
    "store indexes": (),
    "store fill": (),
    "store reconcile": (),
    "keys create": ("a test",),
    "keys list": (),
    "keys revoke": ("none",),
    "brake list": (),
    "brake apply": ("reprocess", "--reason", "a test"),
    "brake release": ("reprocess",),
    "model fetch": ("--url", f"http://127.0.0.1:{NOBODY}/model.zip", "--sha256", "0" * 64, "--to", "{folder}/model"),
    "model check": (),
    "model adapt": (str(SHEET),),
    "mapping test": ("--preset", "twilio", "--query", "RecordingStatus=in-progress"),
    "retention run": (),
    "reconcile": (str(RECORDS), "--time-zone", "UTC"),
    "backfill": (str(RECORDINGS), "--limit", "1"),
    "source folder": (),
    "source asterisk": (),
    "source poller": (),
    "push": ("--watch", "{folder}", "--to", f"http://127.0.0.1:{NOBODY}", "--once", "--settle", "0.1"),
    "schemas export": ("{folder}",),
    "wer sheet": (str(RECORDINGS / "wrong-number.mp3"), "--to", "{folder}/sheet"),
    "wer measure": (str(SHEET),),
    "taxonomy new": ("{folder}/ours",),
    "taxonomy check": (),
    "taxonomy show": ("--prompt",),
    "taxonomy diff": (TAXONOMY, TAXONOMY),
    "taxonomy preview": (TAXONOMY, "--classifier", "offline"),
}
"""How each command is run that `callsift up`, with its workers, and `callsift demo` are not."""
MAY_FAIL = {
    "keys revoke",
    "dlq show",
    "mapping test",
    "topics create",
    "model fetch",
    "model check",
    "hold",
    "forget",
    "reconcile",
}
"""There is no such letter or call, the embedded broker answers no admin request, and nobody has a model."""
MAY_FAIL |= {
    "source folder",
    "source asterisk",
    "source poller",
    "reconcile",
}  # nobody has named a source, calls are missing
ENDLESS = {"worker reprocess", "train"}
"""They are ended after a while: one has no end, the other learns for half a minute more."""
ASK_THEMSELVES = {"prompt"}
"""They send a request to a service of their own, to show it."""


def commands() -> Iterator[str]:
    unseen = [("", get_command(app))]
    while unseen:
        name, command = unseen.pop()
        if isinstance(command, TyperGroup):
            unseen += [(f"{name} {own}".strip(), one) for own, one in command.commands.items()]
        else:
            yield name


def test_every_command_is_watched() -> None:
    watched = {name for name in RUNS if name != "worker reprocess"}
    assert set(commands()) == watched | {"up", "demo", "worker", "api"}


@pytest.mark.slow  # `make outside`
@pytest.mark.parametrize("command", RUNS)
def test_no_command_connects_to_an_address_that_the_settings_do_not_name(up: Up, tmp_path: Path, command: str) -> None:
    log, dialogues = tmp_path / "calls", tmp_path / "dialogues.jsonl"
    dialogues.write_text(
        '{"id": "1", "turns": [{"speaker": "customer", "text": "numaram 0555 000 00 12"}]}\n', encoding="utf-8"
    )
    places = {"dialogues": dialogues, "folder": tmp_path, "labelled": LABELLED}
    words = [*command.split(), *(option.format(**places) for option in RUNS[command])]
    elsewhere = {}
    if command.startswith("keys "):  # from the first key on everybody needs one
        elsewhere["CALLSIFT_MONGO_URI"] = with_database(up.state["environment"]["CALLSIFT_MONGO_URI"], "keys")
    ended = subprocess.Popen(
        [*recording(log), sys.executable, "-m", "callsift", *words],
        env=loud(up.variables)
        | up.state["environment"]
        | {"CALLSIFT_HOME": str(up.home), "HOME": str(tmp_path / "home")}
        | elsewhere,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if command in ENDLESS:
        deadline = time.monotonic() + WATCHED_S
        while time.monotonic() < deadline and ended.poll() is None:
            time.sleep(0.2)
        ended.terminate()  # which a command, and a worker, answers with 0
    said, _ = ended.communicate(timeout=3 * PATIENCE_S)
    if command not in MAY_FAIL:
        assert ended.returncode == 0, said
    assert "Usage:" not in said, said
    assert strangers(log, None if command in ASK_THEMSELVES else ports(up) | {NOBODY}) == {}


@pytest.mark.slow  # `make outside`
def test_the_demo_connects_to_nobody_but_itself(tmp_path: Path) -> None:
    recording(tmp_path / "tried")  # skips where nothing can be recorded
    log = tmp_path / "outside.log"
    command = [sys.executable, "-m", "tests.outside", "--log", str(log)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=5 * PATIENCE_S, check=False)
    assert (ended.returncode, log.read_text()) == (0, ""), ended.stdout + ended.stderr


def ports(up: Up) -> set[int | None]:
    """Return the ports of this machine that settings name."""
    kafka, mongo = (
        up.state["environment"][name] for name in ("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", "CALLSIFT_MONGO_URI")
    )
    return {urlsplit(address).port for address in (f"//{kafka}", mongo, *up.state["health"].values())}
