"""Trying what was installed for an image: its worker or its commands, with what a container would have."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from callsift.embedded import EmbeddedBroker, EmbeddedStore, free_port
from tests.images.dockerfile import Image

_ROOT = Path(__file__).parents[2]
_SPEECH_MODEL = _ROOT / "demo" / "speech_model" / "model"
_READY_LIMIT_S = 180.0
_END_LIMIT_S = 40.0
TOOLS = (
    ("--help",),
    ("topics", "list", "--json"),
    ("model", "check", str(_SPEECH_MODEL), "--json"),
    ("reprocess", "--help"),
    ("dlq", "list", "--help"),
    ("keys", "list", "--help"),
)
"""What the tools' image has to be able to do."""


class CheckFailed(Exception):
    """An image would not work."""


def start(image: Image, venv: Path, folder: Path) -> tuple[float, float]:
    """Start the image's worker, wait until it is ready, ask its health check, end it.

    Returns:
        Seconds until it was ready, and megabytes of memory that it and its child processes held then.

    Raises:
        CheckFailed: Any of that does not work, or it wrote to other places than /tmp and the audio store.
    """
    broker, store = EmbeddedBroker(), EmbeddedStore(folder / "store")
    environment, port = _environment(folder, broker), free_port()
    api = f"127.0.0.1:{free_port()}"
    environment |= {
        "CALLSIFT_HTTP_PORT": f"127.0.0.1:{port}",
        "CALLSIFT_API_LISTEN": api,
        "CALLSIFT_MONGO_URI": store.uri,
    }
    before = _files(venv)
    log = folder / "log.txt"
    with log.open("wb") as output:
        began = time.monotonic()
        worker = subprocess.Popen(
            [str(venv / "bin" / "callsift"), *image.command],
            env=environment,
            cwd=folder / "cwd",
            stdout=output,
            stderr=output,
        )
        try:
            while _health(environment, "ready") != 0:
                if worker.poll() is not None:
                    raise CheckFailed(f"the {image.name} worker ended with {worker.returncode}: {_tail(log)}")
                if time.monotonic() - began > _READY_LIMIT_S:
                    raise CheckFailed(f"the {image.name} worker is not ready: {_tail(log)}")
                time.sleep(0.2)
            ready_s = time.monotonic() - began
            if _health(environment) != 0:
                raise CheckFailed(f"the HEALTHCHECK calls a ready {image.name} worker unhealthy")
            memory_mb = _memory_mb(worker.pid)
            if image.command == ("api",):
                _ask_for_an_erasure(api)
            worker.terminate()
            if (code := worker.wait(_END_LIMIT_S)) != 0:
                raise CheckFailed(f"the {image.name} worker ended with {code} after SIGTERM: {_tail(log)}")
            if _health(environment) == 0:
                raise CheckFailed(f"the HEALTHCHECK calls a {image.name} worker healthy that has ended")
        except subprocess.TimeoutExpired:
            raise CheckFailed(f"the {image.name} worker did not end after SIGTERM: {_tail(log)}") from None
        finally:
            worker.kill()
            worker.wait()
            store.stop()
    _wrote_only_to_tmp(image.name, before, venv, folder)
    return ready_s, memory_mb


def use_tools(venv: Path, folder: Path) -> None:
    """Run commands of the tools' image.

    Raises:
        CheckFailed: One does not work.
    """
    broker = EmbeddedBroker()
    environment = _environment(folder, broker)
    before = _files(venv)
    for command in TOOLS:
        ended = subprocess.run(
            [str(venv / "bin" / "callsift"), *command],
            env=environment,
            cwd=folder / "cwd",
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise CheckFailed(f"callsift {' '.join(command)} ended with {ended.returncode}: {ended.stderr[-500:]}")
    _wrote_only_to_tmp("tools", before, venv, folder)


def _ask_for_an_erasure(api: str) -> None:
    """Ask the API what it needs libraries for that it does not load before: numbering plans, the store, the brokers."""
    body = b'{"caller": "+90 555 111 22 33"}'
    request = urllib.request.Request(f"http://{api}/v1/erasures", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        raise CheckFailed(f"the api image cannot erase: {error.read().decode()}") from None


def _environment(folder: Path, broker: EmbeddedBroker) -> dict[str, str]:
    """Return all that the process sees: what the images set, and where the embedded services are."""
    for name in ("tmp", "cwd", "audio"):
        (folder / name).mkdir(parents=True)
    sources = folder / "sources.yaml"
    sources.write_text(f"state: {folder / 'tmp'}\nfolders: {{audio: {{path: {folder / 'audio'}}}}}\n", encoding="utf-8")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder / "tmp"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "CALLSIFT_AUDIO_STORE_URI": (folder / "audio").as_uri(),
        "CALLSIFT_VOSK_MODEL": str(_SPEECH_MODEL),
        "CALLSIFT_CLASSIFIER": "offline",
        "CALLSIFT_SOURCES_FILE": str(sources),
    }


def _wrote_only_to_tmp(name: str, before: set[Path], venv: Path, folder: Path) -> None:
    """Raise CheckFailed if anything came into the virtual environment or the working folder."""
    if new := [*(_files(venv) - before), *_files(folder / "cwd")]:
        raise CheckFailed(f"the {name} image needs more to be writable than /tmp: {', '.join(map(str, new[:5]))}")


def _health(environment: dict[str, str], *which: str) -> int:
    command = [sys.executable, "-IS", str(_ROOT / "deploy" / "docker" / "health.py"), *which]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def _memory_mb(pid: int) -> float:
    """Return what a process and its children hold; on Linux what they share with others is split among these."""
    process = psutil.Process(pid)
    held = [one.memory_full_info() for one in (process, *process.children(recursive=True))]
    return sum(getattr(one, "pss", one.uss) for one in held) / 1024**2


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_dir()}


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-1500:]
