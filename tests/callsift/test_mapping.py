"""``callsift mapping test``: what would come of a request, and the exit code that says whether anything would."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from typer.testing import CliRunner

from callsift.cli import app
from streams.errors import CallsiftError
from tests.sources.test_presets import PAYLOADS, TWILIO

YEASTAR = str(PAYLOADS / "yeastar-answered.json")
ZONE = ("--time-zone", "Europe/Istanbul")


def test_the_event_that_would_come_is_printed() -> None:
    options = ("--preset", "yeastar", *ZONE, "--recordings", "s3://pbx")
    result = CliRunner().invoke(app, ["mapping", "test", YEASTAR, *options])
    assert result.exit_code == 0, result.output
    event = json.loads(result.stdout)
    assert (event["call_id"], event["ended_at"]) == ("1755568612.24", "2025-08-19T06:57:33Z")
    assert event["recording"]["uri"].startswith("s3://pbx/20250819095658")


def test_a_form_a_query_and_headers_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "form").write_text(urlencode(TWILIO))
    said = ["--preset", "twilio", "--form", "--query", "agent=elif"]
    result = CliRunner().invoke(app, ["mapping", "test", str(tmp_path / "form"), *said])
    assert (result.exit_code, json.loads(result.stdout)["agent_id"]) == (0, "elif")
    headers = {
        "X-Recording-Call-ID": "1",
        "X-Recording-Kind": "mixed",
        "X-Recording-Call-End-Time": "1795845661.5",
        "X-Recording-Full-File-Name": "/a:b.wav",
    }
    given = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    result = CliRunner().invoke(app, ["mapping", "test", "--preset", "rtpengine", "--recordings", "file:///r", *given])
    assert json.loads(result.stdout)["recording"]["uri"] == "file:///r/a:b.wav"


def test_a_request_of_which_nothing_would_come_ends_with_one() -> None:
    result = CliRunner().invoke(app, ["mapping", "test", YEASTAR, "--preset", "twilio"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nothing would come of it" in result.stderr


def test_what_a_mapping_makes_that_is_no_event_is_printed_with_the_reason(tmp_path: Path) -> None:
    mapping = tmp_path / "own.yaml"
    mapping.write_text("about: ours\ncall: {call_id: body.callid, ended_at: body.timestart, recording: body.none}\n")
    result = CliRunner().invoke(app, ["mapping", "test", YEASTAR, "--mapping", str(mapping)])
    assert isinstance(result.exception, CallsiftError)  # which the command line ends with 1 for
    assert "ended_at" in str(result.exception)
    assert json.loads(result.stdout)["call_id"] == "1755568612.24"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--preset", "yeastar", "--recordings", "s3://pbx"], "no time zone is set"),
        (["--preset", "yeastar", *ZONE], "set recordings"),
        (["--preset", "none"], "Presets are"),
        ([], "name a preset"),
    ],
)
def test_what_is_missing_is_named(options: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["mapping", "test", YEASTAR, *options])
    assert isinstance(result.exception, CallsiftError)
    assert said in str(result.exception)
