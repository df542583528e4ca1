"""The lines that the demo ends with, pasted into a shell while ``callsift up`` runs."""

import json
import re
import shutil
import subprocess
from typing import Any

import httpx
import pytest

from callsift.first_requests import first_requests
from tests.callsift.conftest import RECORDINGS, Up
from tests.test_rooms import ROOT

pytestmark = pytest.mark.integration


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_lines_hand_a_call_in_and_say_what_became_of_it(up: Up) -> None:
    handed_in, listed, counted = map(pasted, first_requests(up.state["environment"]["CALLSIFT_API_LISTEN"]))
    assert (handed_in["state"], handed_in["outcome"]["category"]) == ("done", "potential_customer")
    assert handed_in["call_id"] in {call["call_id"] for call in listed["calls"]}
    assert counted["total"]["calls"] >= 1


def test_the_python_of_the_page_hands_a_call_in(up: Up) -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    [program] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    defined: dict[str, Any] = {}
    exec(program, defined)  # noqa: S102 - our own page
    with httpx.Client(base_url=f"http://{up.state['environment']['CALLSIFT_API_LISTEN']}") as api:
        call = defined["classified"](api, RECORDINGS / "leaking-washing-machine.wav", queue="page")
        assert (call["state"], call["outcome"]["queue"]) == ("done", "page")
        with pytest.raises(RuntimeError, match=r"invalid-request: .*ended_at|rule"):
            defined["classified"](api, RECORDINGS / "wrong-number.mp3", ended_at="yesterday")


def pasted(line: str) -> dict[str, Any]:
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=True)
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer
