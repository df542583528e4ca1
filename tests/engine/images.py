"""``python -m tests.engine.images``, ``make images-real``: every image built and run on a real container engine.

The images come from the unchanged Dockerfile. Their workers run as the chart's pods do, against a real Kafka and
MongoDB, and have to bring every demo call to its outcome, also those that were in work when SIGTERM ended all of them.
"""

import json
import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated

import typer

from callsift.commands.output import notes, print_json, print_table
from callsift.demonstration import Label, read_labels
from schemas import OneFile, Speaker
from tests.engine.engine import BUILD_LIMIT_S, docker, inspected, logs, removed_at_the_end, tried, until, why_none
from tests.engine.servers import RECORDINGS, ROOT, Surroundings
from tests.images.dockerfile import TOOLS_COMMAND, Image, argument, images
from tests.images.trial import CheckFailed

_TAG = "trial"
_READY_LIMIT_S = 180.0
_HEALTHY_LIMIT_S = 120.0
_OUTCOMES_LIMIT_S = 600.0
_GRACE_S = "40"
_CONFINED = {"Uid": "\t".join(4 * ["10001"]), "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
"""Of /proc/1/status: the user, no capability to be had, none to be gained, a seccomp filter."""


@dataclass
class Found:
    """What was found of one image."""

    image: str
    build_s: float
    """Seconds that ``docker build`` took, with whatever the engine's cache held."""
    size_mb: int
    """Size of the image as the engine counts it, base included, unpacked."""
    own_mb: int
    """How much of that is not the base, but callsift and what it needs."""
    ready_s: float | None = None
    """Seconds from ``docker run`` until /health/ready answers 200."""
    memory_mb: float | None = None
    """What the engine counts for the container after the demo's calls."""
    health: str = ""
    """What the image's HEALTHCHECK says."""
    stop_s: float | None = None
    """Seconds from SIGTERM to the end, with calls in work."""
    exit_code: int | None = None


def check(
    python_image: Annotated[
        str | None, typer.Option(help="Base of the images instead of the Dockerfile's, for example behind a proxy.")
    ] = None,
    kafka_image: Annotated[str | None, typer.Option(help="Image of Kafka instead of the compose file's.")] = None,
    mongo_image: Annotated[str | None, typer.Option(help="Image of MongoDB instead of the compose file's.")] = None,
    keep: Annotated[bool, typer.Option(help="Leave containers, network and volumes as they are at the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Build and run every image; exits with 1 at the first thing that is wrong, and with 0 where there is no engine."""
    if reason := why_none():
        notes.print(f"skipped: no container engine: {reason}", markup=False, highlight=False)
        return
    servers = {name: image for name, image in (("kafka", kafka_image), ("mongodb", mongo_image)) if image}
    try:
        found = [build(image, python_image) for image in images()]
        with removed_at_the_end(keep=keep) as label:
            run(Surroundings(label, _name("tools"), servers), {one.image: one for one in found})
    except CheckFailed as error:
        notes.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if as_json:
        print_json([asdict(one) for one in found])
        return
    columns = [
        "image",
        "build s",
        "size MB",
        "of that ours MB",
        "ready s",
        "memory MB",
        "HEALTHCHECK",
        "SIGTERM to end s",
        "exit",
    ]
    print_table("Images on this engine", columns, [_row(one) for one in found])


def build(image: Image, python_image: str | None) -> Found:
    """Build one target of the Dockerfile.

    Raises:
        CheckFailed: It cannot be built, or has not the labels that it was given.
    """
    given = {"PYTHON_IMAGE": python_image or argument("PYTHON_IMAGE"), "VERSION": _TAG, "REVISION": "trial-revision"}
    options = [part for name, value in given.items() for part in ("--build-arg", f"{name}={value}")]
    target = ("--target", image.name, "-t", _name(image.name))
    began = time.monotonic()
    docker("build", "-f", "deploy/docker/Dockerfile", *target, *options, ".", limit_s=BUILD_LIMIT_S, cwd=ROOT)
    [seen] = inspected("image", _name(image.name))
    labels = seen["Config"]["Labels"]
    if labels["org.opencontainers.image.revision"] != "trial-revision":
        raise CheckFailed(f"the {image.name} image does not say what it was built from: {labels}")
    layers = docker("history", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", _name(image.name)).splitlines()
    [own] = [int(layer.split()[0]) for layer in layers if "COPY /opt/callsift " in layer]
    found = Found(image.name, round(time.monotonic() - began, 1), round(seen["Size"] / 1e6), round(own / 1e6))
    notes.print(f"built {image.name}: {found.size_mb} MB in {found.build_s} s", highlight=False)
    return found


def run(around: Surroundings, found: dict[str, Found]) -> None:
    """Run every worker's image together as the chart's pods, and fill in what was found.

    Raises:
        CheckFailed: A worker does not start, a call has not its outcome, a worker does not end as it should.
    """
    around.start()
    around.command("topics", "create")
    around.command("store", "indexes")
    pods = {image.name: f"{around.name}-{image.name}" for image in images() if image.command != TOOLS_COMMAND}
    _start(around, pods, found)
    calls = _calls()
    emit = ["emit", *(f"{RECORDINGS}/{file}" for file in calls)]
    emit += ["--wait", "--timeout", str(_OUTCOMES_LIMIT_S), "--json"]
    _as_expected(around.command(*emit, limit_s=_OUTCOMES_LIMIT_S + 60), calls.values())
    for name, pod in pods.items():
        until(f"the HEALTHCHECK calls {name} healthy", partial(_is_healthy, pod), _HEALTHY_LIMIT_S, (pod,))
        found[name].health = "healthy"
        found[name].memory_mb = _memory_mb(pod)
    waiting = docker(*around.run("tools", "-d"), around.tools, *emit)
    until("calls are in work", partial(_has_work, pods["transcribe"]), _OUTCOMES_LIMIT_S, (waiting,))
    with ThreadPoolExecutor(len(pods)) as threads:
        for name, (code, took_s) in zip(pods, threads.map(_stop, pods.values()), strict=True):
            found[name].exit_code, found[name].stop_s = code, took_s
    if wrong := [f"{name} with {found[name].exit_code}: {logs(pods[name])}" for name in pods if found[name].exit_code]:
        raise CheckFailed(f"ended after SIGTERM: {'; '.join(wrong)}")
    docker("start", *pods.values())
    docker("wait", waiting, limit_s=_OUTCOMES_LIMIT_S)
    _as_expected(docker("logs", waiting), calls.values())
    notes.print("what was in work at SIGTERM has its outcomes, too", highlight=False)


def _start(around: Surroundings, pods: dict[str, str], found: dict[str, Found]) -> None:
    """Start the workers one after the other, and note when each is ready."""
    for name, pod in pods.items():
        docker(*around.run(name, "-d", "--name", pod, "--stop-timeout", _GRACE_S), _name(name))
        _refuse_privileges(name, pod)
        found[name].ready_s = round(until(f"{name} is ready", partial(_asked, pod, "ready"), _READY_LIMIT_S, (pod,)), 1)


def _refuse_privileges(name: str, pod: str) -> None:
    """Raise CheckFailed unless the kernel says that process 1 is confined: an engine may be built without seccomp."""
    said = dict(line.split(":\t", 1) for line in docker("exec", pod, "cat", "/proc/1/status").splitlines())
    if wrong := {what: said.get(what) for what, wanted in _CONFINED.items() if said.get(what) != wanted}:
        raise CheckFailed(f"{name} runs with {wrong}, where the chart's pod has {_CONFINED}")


def _calls() -> dict[str, Label]:
    """Return the demo's calls by their file: those that ``emit`` takes, with the customer on the first channel."""
    return {
        label.recording.uri: label
        for label in read_labels()
        if isinstance(label.recording, OneFile) and (label.recording.channels or {}).get(Speaker.CUSTOMER) == 0
    }


def _as_expected(printed: str, calls: Iterable[Label]) -> None:
    """Raise CheckFailed unless ``emit`` printed the outcome that each call's label expects."""
    got = [(outcome["category"], outcome["sub_category"]) for outcome in map(json.loads, printed.splitlines())]
    wrong = [
        f"{label.name}: {seen}"
        for label, seen in zip(calls, got, strict=True)
        if seen != (label.category, label.sub_category)
    ]
    if wrong:
        raise CheckFailed(f"outcomes that nobody expected: {', '.join(wrong)}")
    notes.print(f"{len(got)} calls have the outcomes that their labels expect", highlight=False)


def _asked(pod: str, what: str) -> bool:
    """Ask as a probe does, from within the container."""
    return tried("exec", pod, "python", "-IS", "/usr/local/lib/callsift/health.py", what).returncode == 0


def _is_healthy(pod: str) -> bool:
    return bool(inspected("container", pod)[0]["State"]["Health"]["Status"] == "healthy")


def _has_work(pod: str) -> bool:
    """Whether the worker has events in work, by its own metrics."""
    ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
    return bool(
        re.search(r"^callsift_in_flight_events.* [1-9]", docker("exec", pod, "python", "-c", ask), re.MULTILINE)
    )


def _memory_mb(pod: str) -> float:
    used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", pod).split(" / ")[0]
    amount = used.rstrip("BGKMi")
    return round(float(amount) * {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[used.removeprefix(amount)] / 1e6)


def _stop(pod: str) -> tuple[int, float]:
    """Send SIGTERM, and return the exit code and how many seconds the end took."""
    began = time.monotonic()
    docker("stop", pod)
    took_s = round(time.monotonic() - began, 1)
    return int(inspected("container", pod)[0]["State"]["ExitCode"]), took_s


def _name(image: str) -> str:
    return f"callsift-{image}:{_TAG}"


def _row(one: Found) -> list[str]:
    measured = (one.build_s, one.size_mb, one.own_mb, one.ready_s, one.memory_mb, one.health, one.stop_s, one.exit_code)
    return [
        one.image,
        *("" if value is None else f"{value:g}" if isinstance(value, float) else str(value) for value in measured),
    ]


if __name__ == "__main__":
    typer.run(check)
