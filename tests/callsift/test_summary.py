"""``callsift summary``: printed, and sent over a real connection, of a pipeline that has calls."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callsift.demo_files import RECORDINGS
from tests.callsift import terminal
from tests.callsift.conftest import Up
from tests.servers.smtp import mail_server

pytestmark = pytest.mark.integration


def test_today_is_printed_in_each_form_and_sent_under_one_identifier(up: Up, tmp_path: Path) -> None:
    up.emit(RECORDINGS / "wrong-number.mp3")
    variables = up.variables | up.state["environment"]
    day = ["summary", "--day", str(datetime.now(UTC).date()), "--zone", "UTC"]
    printed = terminal.run(variables, *day, "--format", "json")
    found = json.loads(printed.stdout)
    assert found["calls"]["count"] >= 1
    assert found["pipeline"]["dead_letters"] >= 0
    rows = csv.DictReader(io.StringIO(terminal.run(variables, *day, "--format", "csv").stdout))
    assert int(next(rows)["count"]) == found["calls"]["count"]
    assert terminal.run(variables, *day, "--format", "html").stdout.startswith("<!doctype html>")

    with mail_server() as server:
        file = tmp_path / "mail.yaml"
        addresses = {"from": "Calls <calls@example.com>", "to": ["ann@example.com"]}
        file.write_text(json.dumps({"host": "127.0.0.1", "port": server.port, "security": "none", **addresses}))
        for _ in range(2):
            ended = terminal.run(variables, *day, "--language", "tr", "--send", "--mail-file", str(file))
            assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
        first, second = server.mails
        assert first["message-id"] == second["message-id"]
        assert str(found["calls"]["count"]) in first["subject"]
        assert "çağrı" in first["subject"]

        server.login_answers, server.message_answers = [], ["554 5.7.1 No"]
        refused = terminal.run(variables, *day, "--send", "--mail-file", str(file))
        assert refused.returncode == 1
        assert "ann@" not in refused.stderr


def test_a_mail_file_is_needed_and_checked_before_anything_is_counted(tmp_path: Path) -> None:
    nobody = {"CALLSIFT_MONGO_URI": "mongodb://127.0.0.1:1", "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    assert terminal.run(nobody, "summary", "--send").returncode == 2
    file = tmp_path / "mail.yaml"
    file.write_text("{host: smtp.example.com, from: c@example.com, to: [a@example.com], user: callsift}")
    ended = terminal.run(nobody, "summary", "--send", "--mail-file", str(file))
    assert ended.returncode == 2
    assert "user and password_file belong together" in ended.stderr
