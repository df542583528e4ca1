"""The lines that the demo ends with, pasted into a shell while ``callsift up`` runs."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from callsift.first_requests import first_requests
from tests.callsift.conftest import Up

pytestmark = pytest.mark.integration


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_lines_hand_a_call_in_and_say_what_became_of_it(up: Up) -> None:
    handed_in, listed, counted = map(pasted, first_requests(up.state["environment"]["CALLSIFT_API_LISTEN"]))
    assert (handed_in["state"], handed_in["outcome"]["category"]) == ("done", "potential_customer")
    assert handed_in["call_id"] in {call["call_id"] for call in listed["calls"]}
    assert counted["total"]["calls"] >= 1


def pasted(line: str) -> dict[str, Any]:
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=True)
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer
