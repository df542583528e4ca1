"""What a worker loads: the real command runs until it is ready, and is asked then."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsift.embedded import EmbeddedBroker, EmbeddedStore, free_port
from tests.agents.demo_calls import SPEECH_MODEL
from tests.patience import PATIENCE_S

COSTLY = {"torch", "torchaudio", "silero_vad", "onnxruntime", "av", "vosk", "sklearn", "scipy", "matplotlib", "pandas"}
COSTLY |= {"numpy", "google.genai", "google.generativeai", "google.protobuf", "requests", "motor", "pymongo"}
COSTLY |= {"faust", "aiokafka", "aiohttp", "fsspec", "yaml", "opentelemetry", "phonenumbers", "cryptography", "jinja2"}
COSTLY |= {"typer", "rich", "click", "callsift.cli", "callsift.commands", "callsift.stages"}
COSTLY |= {"agents.audio.agent", "agents.transcribe.agent", "agents.classify.agent", "agents.sink.agent"}
STAGE = {"faust", "aiokafka", "aiohttp", "yaml", "callsift.stages"}
"""What every stage has: Faust imports aiohttp for a web server that is off here, and yaml wherever it is installed."""
GEMINI = {"CALLSIFT_GEMINI_API_KEY": "key"}
WORKERS: dict[str, tuple[dict[str, str], set[str]]] = {
    "audio": ({}, STAGE | {"agents.audio.agent", "fsspec"}),
    "transcribe": ({}, STAGE | {"agents.transcribe.agent", "phonenumbers"}),
    "classify offline": ({}, STAGE | {"agents.classify.agent", "numpy"}),
    # google-genai takes httpx where the API brings that, and httpx its command line: not so in the image of classify
    "classify gemini": (GEMINI, STAGE | {"agents.classify.agent", "google.genai", "click", "rich"}),
    "classify gemini-legacy": (
        GEMINI | {"CALLSIFT_CLASSIFIER": "gemini-legacy"},
        STAGE | {"agents.classify.agent", "google.generativeai", "google.protobuf", "requests", "cryptography"},
    ),
    "sink": ({}, STAGE | {"agents.sink.agent", "motor", "pymongo", "cryptography"}),
    "reprocess": ({}, STAGE | {"agents.classify.agent", "numpy"}),
    "retry": ({}, set()),
    "monitor": ({}, set()),
}
PROGRAM = """
import os, sys, threading, time, urllib.request

def tell_when_ready():
    while True:
        try:
            urllib.request.urlopen(f"http://{os.environ['CALLSIFT_HTTP_PORT']}/health/ready", timeout=1)
            break
        except OSError:
            time.sleep(0.05)
    print(",".join(sys.modules), flush=True)
    os._exit(0)

threading.Thread(target=tell_when_ready, daemon=True).start()
from callsift.__main__ import main
main()
"""


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables that lead a worker to a broker, a store and a model."""
    folder = tmp_path_factory.mktemp("surroundings")
    broker, store = EmbeddedBroker(), EmbeddedStore(folder / "store")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("CALLSIFT_", "OTEL_"))}
    yield own | {
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "CALLSIFT_AUDIO_STORE_URI": (folder / "audio").as_uri(),
        "CALLSIFT_MONGO_URI": store.uri,
        "CALLSIFT_VOSK_MODEL": str(SPEECH_MODEL),
    }
    store.stop()


@pytest.mark.integration
@pytest.mark.parametrize("worker", WORKERS)
def test_a_ready_worker_has_loaded_what_its_own_work_needs_and_nothing_else_that_costs(
    worker: str, surroundings: dict[str, str]
) -> None:
    own, needed = WORKERS[worker]
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, "worker", worker.split(maxsplit=1)[0]],
        env=surroundings | own | {"CALLSIFT_HTTP_PORT": f"127.0.0.1:{free_port()}"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert COSTLY & set(result.stdout.strip().split(",")) == needed
