"""Who is talked to: no worker looks up a name or connects to an address that the settings do not name."""

import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.callsift.conftest import RECORDINGS, Up, start_up
from tests.servers.gemini import gemini_server
from tests.servers.recorder import Destination, destinations, recording

pytestmark = pytest.mark.integration
WATCHED_S = 20.0
"""Telemetry may come late: ONNX Runtime's is sent some 10 s after a model was loaded."""
QUIET = {"ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "TRAVIS"}
QUIET |= {"CIRCLECI", "BUILDKITE", "APPVEYOR", "JENKINS_URL", "CODEBUILD_BUILD_ID", "TEAMCITY_VERSION"}
"""Variables that make libraries quiet, ONNX Runtime for one: not to be inherited from whoever runs the tests."""
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


def ports(up: Up) -> set[int | None]:
    """Return the ports of this machine that settings name."""
    kafka, mongo = (
        up.state["environment"][name] for name in ("CALLSIFT_KAFKA_BOOTSTRAP_SERVERS", "CALLSIFT_MONGO_URI")
    )
    return {urlsplit(address).port for address in (f"//{kafka}", mongo, *up.state["health"].values())}


def strangers(log: Path, named: set[int | None]) -> dict[Destination, str]:
    """Return everybody else who was talked to, with what shows it."""
    return {
        place: line
        for place, line in destinations(log).items()
        if place.host not in {"127.0.0.1", "::1"} or place.port not in named
    }
