"""The rooms: who may import whom, and how long a function may be."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("schemas", "review", "streams", "store", "sources", "agents", "api", "pages", "callsift")
FLOORS = (*ROOMS, "deploy", "benchmarks")
"""The rooms and what stands on them; tests import all of it, and nothing imports tests."""
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


LONGEST_FUNCTION_LINES = 60


def imported(path: Path) -> set[str]:
    """Every module that a file names in an import, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("floor", FLOORS)
def test_a_room_imports_only_what_lies_below(floor: str) -> None:
    above = (*FLOORS[FLOORS.index(floor) + 1 :], "tests", "demo")
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / floor).rglob("*.py"))
        for name in sorted(imported(path))
        if name.split(".")[0] in above
    ]
    assert wrong == []


def test_no_agent_imports_another() -> None:
    wrong = []
    for path in (path for path in MODULES if path.relative_to(ROOT).parts[0] == "agents"):
        own = path.relative_to(ROOT).parts[1]
        wrong += [
            f"{path.relative_to(ROOT)} imports {name}"
            for name in sorted(imported(path))
            if name.split(".")[0] == "agents" and name.split(".")[1] != own
        ]
    assert wrong == []


def test_the_api_imports_no_agent() -> None:
    """It fails and scales apart from the pipeline, and needs none of its libraries."""
    api = [path for path in MODULES if path.relative_to(ROOT).parts[0] == "api"]
    assert [path for path in api if any(name.startswith("agents.") for name in imported(path))] == []


def test_only_the_store_imports_its_driver() -> None:
    assert {name.split("/")[0] for name in importers({"motor"})} <= {"store"}


WINGS = ({"payloads"}, {"kafka"}, {"dead_letters"}, {"processing", "monitor", "retention"}, {"faust_worker"})
"""The wings of streams/, each above those before it; the files at the door lie below them all."""
ABOVE_THE_WINGS = {"retry_mover"}
"""The files at the door that lie above the wings instead."""
WING_FLOORS = {wing: floor for floor, wings in enumerate((*WINGS, ABOVE_THE_WINGS), start=1) for wing in wings}
FAUST = {"faust", "mode", "aiokafka"}
KAFKA_CLIENTS = {"confluent_kafka", *FAUST}


def test_every_wing_has_its_floor() -> None:
    folders = {path.parent.name for path in (ROOT / "streams").glob("*/__init__.py")}
    assert folders == set().union(*WINGS)


def test_a_wing_of_streams_imports_only_what_lies_below() -> None:
    wrong = []
    for path in (path for path in MODULES if path.relative_to(ROOT).parts[0] == "streams"):
        own = path.relative_to(ROOT).with_suffix("").parts[1]
        for name in sorted(imported(path)):
            room, other, *_ = (*name.split("."), "")
            if room == "streams" and other != own and WING_FLOORS.get(other, 0) >= max(WING_FLOORS.get(own, 0), 1):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


OPTIONAL = "streams.processing.tracing"
"""Needs an extra, so that its wing's ``__init__`` cannot import it."""


def test_other_rooms_import_what_a_wing_exports() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (*MODULES, *(ROOT / "deploy").rglob("*.py"))
        if path.relative_to(ROOT).parts[0] != "streams"
        for name in sorted(imported(path))
        if name.startswith(tuple(f"streams.{wing}." for wing in set().union(*WINGS)))
        if name.count(".") > 2 and not name.startswith(OPTIONAL)
    ]
    assert wrong == []


def importers(libraries: set[str], *wings: str) -> set[str]:
    """The modules of some wings of streams/, of all rooms without any, that import one of some libraries."""
    folders = [ROOT / "streams" / wing for wing in wings] or [ROOT]
    return {
        str(path.relative_to(ROOT))
        for path in MODULES
        if any(path.is_relative_to(folder) for folder in folders)
        and {name.split(".")[0] for name in imported(path)} & libraries
    }


def test_only_the_faust_worker_imports_faust_and_its_client() -> None:
    assert importers(FAUST) - importers(FAUST, "faust_worker") == set()


def test_the_processing_wing_imports_no_kafka_client() -> None:
    assert importers(KAFKA_CLIENTS, "processing") == set()


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT)}: {node.name}"
        for floor in (*FLOORS, "tests", "demo")
        for path in (ROOT / floor).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION_LINES
    }
    assert long == set()


def test_only_the_entry_points_read_the_environment() -> None:
    """Settings are read once; ``streams.settings`` and the command line's own modules may."""
    readers = {
        str(path.relative_to(ROOT))
        for path in MODULES
        if "os.environ" in path.read_text(encoding="utf-8") and path.relative_to(ROOT).parts[0] != "callsift"
    }
    assert readers == set()


ENTRY_POINTS = {"callsift/worker.py", "callsift/serving.py", "callsift/stages.py", "callsift/supervisor.py"}
"""Which read settings, besides the commands; all others are given them."""
ENTRY_POINTS |= {"callsift/cli.py"}  # which taxonomy every command means
ENTRY_POINTS |= {"callsift/doctor.py"}  # it looks at what every worker would read
ENTRY_POINTS |= {"callsift/evaluation/recordings.py"}  # the stages' own, which only labelled recordings need


def test_only_entry_points_read_settings() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in MODULES
        if re.search(r"Settings\.read\(", path.read_text(encoding="utf-8"))
    }
    assert {path for path in readers if not path.startswith("callsift/commands/")} == ENTRY_POINTS


def test_importing_a_room_reads_nothing_opens_nothing_and_starts_nothing() -> None:
    program = (
        "import threading, schemas, streams.processing.runner, streams.settings, agents.audio.agent, agents.sink.core\n"
        "assert threading.active_count() == 1, threading.enumerate()"
    )
    broken = {"CALLSIFT_KAFKA_SESSION_TIMEOUT_S": "never", "CALLSIFT_AUDIO_PROCESSES": "-1"}
    result = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | broken, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
