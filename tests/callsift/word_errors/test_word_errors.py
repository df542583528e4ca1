"""``callsift wer``: from recordings to a sheet, and from a written sheet to figures."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jiwer
import pytest
import soundfile

from callsift.word_errors.figures import measured
from callsift.word_errors.sheet import DrawnTurn, SheetError, read, usable, written
from tests.agents.demo_calls import RECORDINGS, SPEECH_MODEL

NAMES = ("leaking-washing-machine.wav", "fee-refused.mp3", "appointment-moved.ogg")


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "callsift", "wer", *options],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"CALLSIFT_VOSK_MODEL": str(SPEECH_MODEL)},
    )


def turn(said: str, heard: str, recording: str = "a.wav", **other: str) -> DrawnTurn:
    facts = {"clip": "001.wav", "speaker": "customer", "codec": "pcm_alaw", "loudness": "-27 LUFS"} | other
    return DrawnTurn(recording=recording, said=said, heard=heard, **facts)


@pytest.mark.integration
def test_turns_are_drawn_of_every_recording_and_a_written_sheet_is_measured(tmp_path: Path) -> None:
    ended = run("sheet", *(str(RECORDINGS / name) for name in NAMES), "--to", str(tmp_path), "--turns", "7")
    assert ended.returncode == 0, ended.stderr
    file = tmp_path / "sheet.txt"
    drawn = read(file.read_text(encoding="utf-8"))
    assert len(drawn) == 7
    assert {one.recording for one in drawn} == set(NAMES)
    assert not any(one.said for one in drawn)
    for one in drawn:
        clip = soundfile.info(tmp_path / one.clip)
        assert (clip.channels, clip.samplerate) == (1, 16_000)
        assert 0.8 <= clip.duration <= 20.7
    assert run("measure", str(file)).returncode == 1
    again = run("sheet", str(RECORDINGS / NAMES[0]), "--to", str(tmp_path))
    assert again.returncode == 2
    assert "somebody may have written in it" in again.stderr

    done = [one._replace(said="-" if place == 0 else one.heard + " fazladan") for place, one in enumerate(drawn)]
    file.write_text(written(done), encoding="utf-8")
    figures = json.loads(run("measure", str(file), "--json", "--page", str(tmp_path / "page.html")).stdout)
    words = sum(len(one.heard.split()) + 1 for one in drawn[1:])
    assert figures["overall"]["turns"] == 6
    assert figures["overall"]["words"] == words
    assert figures["overall"]["rate"] == pytest.approx(6 / words)
    assert figures["mistakes"] == [{"said": "fazladan", "heard": "", "times": 6}]
    assert "fazladan" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_rate_is_that_of_jiwer_and_punctuation_does_not_count() -> None:
    turns = [turn("Kombim bozuldu, usta!", "kombi bozuldu usta"), turn("Alo?", "alo alo", "b.wav")]
    found = measured(turns, "tr")
    assert found.overall.rate == pytest.approx(
        jiwer.wer(["kombim bozuldu usta", "alo"], ["kombi bozuldu usta", "alo alo"])
    )
    assert [mistake._asdict() for mistake in found.mistakes] == [{"said": "kombim", "heard": "kombi", "times": 1}]
    assert found.invented == 1
    assert found.overall.interval[0] <= found.overall.rate <= found.overall.interval[1]


def test_rates_are_told_apart_by_speaker_codec_and_loudness() -> None:
    turns = [
        turn("a b", "a b", speaker="agent", loudness="-20 LUFS"),
        turn("a b", "a c", codec="gsm", loudness="-41 LUFS"),
        turn("a b", "", loudness="unknown"),
    ]
    groups = measured(turns, "tr").groups
    assert {name: {key: rate.rate for key, rate in own.items()} for name, own in groups.items()} == {
        "speaker": {"agent": 0.0, "customer": 0.75},
        "codec": {"gsm": 0.5, "pcm_alaw": 0.5},
        "loudness": {"loud": 0.0, "quiet": 0.5, "unknown": 1.0},
    }


def test_a_sheet_is_read_as_it_was_written_whatever_an_editor_did_to_its_ends() -> None:
    turns = [turn("", "kombim: bozuldu"), turn("-", "alo")]
    text = written(turns)
    assert read(text) == turns
    assert read("\ufeff" + text.replace("\n", "\r\n").rstrip()) == turns
    assert usable(turns) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clip: 1.wav\nspeeker: agent\n", "line 2"),
        ("clip: 1.wav\nsaid: a\n", "misses recording, speaker, codec, loudness, heard"),
        ("clip: 1.wav\nclip: 2.wav\n", "line 2"),
    ],
)
def test_a_sheet_that_is_not_as_it_was_is_refused_with_the_line(text: str, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        read(text)
