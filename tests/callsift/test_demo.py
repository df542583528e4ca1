"""The first command of the README."""

import json
import os
import subprocess
import sys

import pytest

from schemas import Taxonomy

pytestmark = pytest.mark.integration


def test_the_demo_ends_with_every_call_as_expected() -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    ended = subprocess.run(
        [sys.executable, "-m", "callsift", "demo", "--json"],
        env=own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["correct"] == report["total"] == len(report["calls"]) >= 16
    taxonomy = Taxonomy.load()
    shown = {taxonomy.leaf(call["got"]["category"], call["got"]["sub_category"]) for call in report["calls"]}
    assert shown == set(taxonomy.leaves.values())
    for call in report["calls"]:
        assert call["got"]["justification"]
        assert call["seconds"]["end_to_end"] >= call["seconds"]["audio"] > 0
