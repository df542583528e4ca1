"""Run within a container by tests.engine.compose: hands a recording in by HTTP, as docs/compose.md does with curl."""

import os
from pathlib import Path

import requests

recording = next(Path("/recording").iterdir())
answer = requests.post(
    "http://127.0.0.1:8080/v1/calls",
    headers={"Authorization": f"Bearer {os.environ['KEY']}", "Prefer": "wait=60"},
    files={"recording": (recording.name, recording.read_bytes())},
    timeout=90,
)
print(answer.status_code, answer.text.replace("\n", " "))
