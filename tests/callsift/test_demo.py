"""The first command of the README."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas import Taxonomy

pytestmark = pytest.mark.integration
CLINIC = Path(__file__).parents[2] / "examples" / "clinic"


def run_demo(*options: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    return subprocess.run(
        [sys.executable, "-m", "callsift", "demo", "--json", *options],
        env=own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_demo_ends_with_every_call_as_expected() -> None:
    ended = run_demo()
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["correct"] == report["total"] == len(report["calls"]) >= 16
    taxonomy = Taxonomy.load()
    shown = {taxonomy.leaf(call["got"]["category"], call["got"]["sub_category"]) for call in report["calls"]}
    assert shown == set(taxonomy.leaves.values())
    for call in report["calls"]:
        assert call["got"]["justification"]
        assert call["seconds"]["end_to_end"] >= call["seconds"]["audio"] > 0


@pytest.mark.slow  # make test-slow
def test_a_clinic_needs_no_line_of_python() -> None:
    ended = run_demo("--taxonomy", str(CLINIC))
    assert ended.returncode in {0, 1}, ended.stderr
    report = json.loads(ended.stdout)
    assert report["total"] == 20
    wrong = [call["recording"] for call in report["calls"] if not _is_right(call)]
    assert report["correct"] >= 18, wrong
    taxonomy = Taxonomy.load(CLINIC / "taxonomy.yaml")
    for call in report["calls"]:
        taxonomy.leaf(call["got"]["category"], call["got"]["sub_category"])
        assert "çevrimdışı" not in call["got"]["justification"]


def _is_right(call: dict[str, Any]) -> bool:
    return all(call["got"][name] == expected for name, expected in call["expected"].items())
