"""``callsift trial`` on recordings of several makes, good and bad."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from callsift.trial.health import findings
from callsift.trial.run import recordings
from callsift.trial.sizing import BUSIEST_HOUR, UTILISATION, Cost, sizing
from schemas import Speaker
from tests.agents.demo_calls import RECORDINGS
from tests.agents.transcribe.prepared_calls import prepared

GOOD = ("leaking-washing-machine.wav", "fee-refused.mp3", "appointment-moved.ogg")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings as a PBX leaves them: three formats, a mono mix, one that is no sound, others."""
    folder = tmp_path_factory.mktemp("monitor")
    (folder / "2026").mkdir()
    for name in GOOD:
        shutil.copy(RECORDINGS / name, folder / "2026" / name)
    samples, rate_hz = soundfile.read(RECORDINGS / GOOD[0], dtype="int16")
    soundfile.write(
        folder / "mixed.wav", samples.astype(np.int32).sum(axis=1).clip(-32768, 32767).astype(np.int16), rate_hz
    )
    (folder / "broken.mp3").write_bytes(b"this is no sound at all " * 40)
    (folder / "empty.wav").write_bytes(b"RIFF" + bytes(40))
    (folder / "list.csv").write_text("a,b", encoding="utf-8")
    (folder / ".hidden.wav").write_bytes(bytes(1000))
    return folder


def run(folder: Path, *options: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callsift", "trial", str(folder), *options]
    environment = os.environ | variables
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False)


@pytest.mark.integration
def test_a_folder_of_recordings_becomes_a_page_and_says_which_cannot_be_used(folder: Path, tmp_path: Path) -> None:
    ended = run(folder, "--json", "--calls-a-day", "5000", cwd=tmp_path)
    document = json.loads(ended.stdout)
    assert ended.returncode == 1, ended.stderr
    assert (document["recordings"], document["in_folder"], document["unusable"], document["empty"]) == (5, 5, 1, 1)
    assert list(document["errors"]) == ["broken.mp3"]
    assert document["errors"]["broken.mp3"]["cure"]
    assert document["findings"] == {"mono": 1}
    assert sum(document["categories"].values()) == 4
    assert document["sizing"]["calls_a_day"] == 5000
    assert document["sizing"]["cores"] >= 1
    assert all(stage["cpu_s_a_call"] > 0 for stage in document["stages"].values())
    page = (tmp_path / "trial.html").read_text(encoding="utf-8")
    assert "demo's speech model" in page
    assert "<b>mono</b>" in page
    assert "cannot be used" in page
    assert "çamaşır" in page
    assert not re.search(r"(?:src|href)=|@import|url\(", page)  # works without a network
    assert "çamaşır" not in ended.stdout + ended.stderr
    assert "5 of 5" in ended.stderr


@pytest.mark.integration
def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    ended = run(tmp_path, cwd=tmp_path)
    assert ended.returncode == 2
    assert "no recordings" in ended.stderr
    assert not (tmp_path / "trial.html").exists()


@pytest.mark.integration
def test_a_name_in_another_encoding_or_with_a_terminals_orders_is_shown_harmless(tmp_path: Path) -> None:
    folder = tmp_path / "monitor"
    folder.mkdir()
    content = (RECORDINGS / "nobody-answers.wav").read_bytes()
    for name in (b"g\xf6r\xfc\xfeme.wav", b"red\x1b[31m.wav", "Şikâyet çağrısı (1).WAV".encode()):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(content)
    ended = run(folder, "--json", cwd=tmp_path)
    assert ended.returncode == 1, ended.stderr
    assert list(json.loads(ended.stdout)["errors"]) == ["g\\udcf6r\\udcfc\\udcfeme.wav"]
    page = (tmp_path / "trial.html").read_text(encoding="utf-8")
    for shown in ("g\\udcf6r\\udcfc\\udcfeme.wav", "red\\x1b[31m.wav", "Şikâyet çağrısı (1).WAV"):
        assert shown in page
        assert shown in ended.stderr
    assert "\x1b" not in page + ended.stdout + ended.stderr


@pytest.mark.integration
@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        ((), {"CALLSIFT_VOSK_MODEL": "/nowhere"}, "no Vosk model in /nowhere"),
        (("--language", "de"), {}, "no speech model for the language 'de'"),
        (("--page", "nowhere/trial.html"), {}, "there is no folder nowhere"),
    ],
    ids=["model", "language", "page"],
)
def test_what_every_recording_would_fail_on_is_said_once_and_before_any_is_tried(
    options: tuple[str, ...], variables: dict[str, str], said: str, folder: Path, tmp_path: Path
) -> None:
    ended = run(folder, *options, cwd=tmp_path, **variables)
    assert ended.returncode in {1, 2}
    assert said in ended.stderr
    assert "of 5" not in ended.stderr
    assert not (tmp_path / "trial.html").exists()


def test_recordings_without_a_header_and_of_other_makes_are_found(tmp_path: Path) -> None:
    names = {"a.g722", "b.sln16", "c.ulaw", "d.tco", "e.WAV", "f.opus", "g.3gp"}
    for name in (*names, "h.txt", "i.json"):
        (tmp_path / name).write_bytes(bytes(100))
    assert {path.name for path in recordings(tmp_path, 20).drawn} == names


def test_a_few_of_many_recordings_are_spread_over_the_folder(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number:03}.wav").write_bytes(bytes(100))
    (tmp_path / "nothing.wav").write_bytes(b"")
    found = recordings(tmp_path, 4)
    assert [path.name for path in found.drawn] == ["000.wav", "025.wav", "050.wav", "075.wav"]
    assert (found.all, found.empty) == (100, 1)


def test_cores_follow_from_the_busiest_hour() -> None:
    cost = Cost(seconds=180, cpu_s=30, stored_bytes=3_500_000, tokens=4_000, price=0.001)
    found = sizing([cost, cost._replace(cpu_s=50)], 3_000, 7)
    assert found.cores == -(-3_000 * BUSIEST_HOUR * 40 // (3600 * UTILISATION))
    assert found.stored_gb == pytest.approx(73.5)
    assert found.tokens_a_day == 12_000_000
    assert found.price_a_day == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"dead": True}, "nothing on the side of: customer"),
        ({"clipped_ratio": 0.02}, "customer is clipped"),
        ({"loudness_lufs": -48.0}, "customer is quiet (-48 LUFS)"),
        ({"bleed_s": 30.0}, "the other side is heard on customer"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said(changes: dict[str, object], expected: str | None, tmp_path: Path) -> None:
    found = prepared("leaking-washing-machine", tmp_path / "prepared.flac")
    facts = found.recording_facts
    channel = facts.channels[Speaker.CUSTOMER].model_copy(update=changes)
    facts = facts.model_copy(update={"channels": facts.channels | {Speaker.CUSTOMER: channel}})
    assert [finding.what for finding in findings(facts, found.figures)] == ([expected] if expected else [])
