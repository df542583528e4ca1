"""``callsift redact``: lines in, lines out, and which line is wrong."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from callsift.commands.redact import redact
from streams.errors import CallsiftError

app = typer.Typer()
app.command()(redact)

LINE = {"id": "a-1", "turns": [{"speaker": "customer", "text": "numaram 0532 123 45 67 efendim"}]}


def run(*arguments: str, stdin: str | None = None) -> str:
    result = CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_each_line_is_printed_redacted_with_its_spans(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n\n{json.dumps({'id': 2, 'turns': []})}\n", encoding="utf-8")
    lines = [json.loads(line) for line in run(str(path), "--json").splitlines()]
    assert lines == [
        {
            "id": "a-1",
            "turns": [{"speaker": "customer", "text": "numaram [phone] efendim"}],
            "spans": [{"turn": 0, "start": 8, "end": 22, "type": "phone"}],
            "withheld": [],
        },
        {"id": 2, "turns": [], "spans": [], "withheld": []},
    ]


def test_standard_input_is_a_dash_and_a_person_reads_plain_lines() -> None:
    assert run("-", stdin=json.dumps(LINE)).splitlines()[-1] == "a-1\t0\tcustomer\tnumaram [phone] efendim"


def test_speakers_may_be_called_as_a_transcript_of_any_origin_calls_them() -> None:
    line = {"id": None, "turns": [{"speaker": "müşteri", "text": "numaram 0532 123 45 67"}]}
    assert json.loads(run("-", "--json", stdin=json.dumps(line)))["turns"][0]["speaker"] == "müşteri"


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"id": 1}',
        '{"turns": []}',
        '{"id": 1, "turns": [{"speaker": "customer"}]}',
        '{"id": 1, "turns": [{"speaker": "customer", "text": 5321234567}]}',
    ],
)
def test_a_bad_line_is_named_and_not_quoted(tmp_path: Path, line: str) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n{line}\n", encoding="utf-8")
    with pytest.raises(CallsiftError, match="line 2") as caught:
        run(str(path), "--json")
    assert "5321234567" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b'{"id": 1, "turns": []}\n\xff\xfe\n'])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "calls.jsonl"
    if content:
        path.write_bytes(content)
    with pytest.raises(CallsiftError, match=r"cannot read|not UTF-8"):
        run(str(path), "--json")
