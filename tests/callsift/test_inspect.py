"""``callsift inspect`` on recordings of every layout, and on damaged ones."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.agents.audio.sounds import Samples, decode, encode, write_wav
from tests.agents.demo_calls import RECORDINGS, SPEECH_MODEL
from tests.callsift import terminal

CALL = RECORDINGS / "broken-again.wav"
TALK_S = {"customer": 15.0, "agent": 10.6}
CUSTOMERS_FIRST_TURN = "geçen hafta ustanız geldi çamaşır makinemi tamir etti makine yine bozuldu"


@pytest.fixture(scope="module")
def call() -> Samples:
    """A demo call, customer first: it is 29.7 seconds long and has eight turns."""
    return decode(CALL).samples


def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLSIFT_")}
    ended = terminal.run(own | variables, "inspect", *arguments)
    return ended.returncode, ended.stdout, ended.stderr


def found(*arguments: str | Path, **variables: str) -> dict[str, Any]:
    """The events of all stages."""
    code, printed, said = run("--json", *map(str, arguments), **variables)
    assert code == 0, said
    stages: dict[str, Any] = json.loads(printed)
    assert list(stages) == ["audio", "transcribe", "classify"]
    return stages


def talk_s(stages: dict[str, Any]) -> dict[str, float]:
    return {who: own["talk_s"] for who, own in stages["transcribe"]["figures"]["speakers"].items()}


def speakers(stages: dict[str, Any]) -> list[str]:
    return [turn["speaker"] for turn in stages["transcribe"]["turns"]]


def assert_undivided(stages: dict[str, Any], layout: str) -> None:
    facts = stages["audio"]["recording_facts"]
    assert facts["channel_layout"] == layout
    assert facts["duration_s"] == pytest.approx(29.7, abs=0.1)
    assert list(facts["channels"]) == list(stages["audio"]["speech"]) == ["undivided"]
    assert talk_s(stages) == pytest.approx({"undivided": 25.5}, abs=1.0)
    assert set(speakers(stages)) == {"undivided"}
    assert CUSTOMERS_FIRST_TURN in " ".join(turn["text"] for turn in stages["transcribe"]["turns"])
    assert stages["classify"]["decision"]["sub_category"] == "complaint"


def assert_divided(stages: dict[str, Any], layout: str) -> None:
    facts = stages["audio"]["recording_facts"]
    assert (facts["channel_layout"], facts["damaged"], facts["lost_s"]) == (layout, False, 0.0)
    assert facts["duration_s"] == pytest.approx(29.7, abs=0.1)
    assert talk_s(stages) == pytest.approx(TALK_S, abs=0.3)
    assert speakers(stages) == ["agent", "customer"] * 4
    assert stages["transcribe"]["turns"][1]["text"] == CUSTOMERS_FIRST_TURN


def test_two_channels_are_customer_and_agent() -> None:
    assert_divided(found(CALL), "stereo")


def test_mono_is_heard_undivided(call: Samples, tmp_path: Path) -> None:
    assert_undivided(found(write_wav(tmp_path / "mono.wav", call.sum(axis=0, keepdims=True))), "mono")


def test_the_same_mix_on_both_channels_is_heard_once(call: Samples, tmp_path: Path) -> None:
    mix = call.sum(axis=0)
    late = np.roll(mix, 40) * np.float32(10 ** (-3 / 20))  # 5 ms and -3 dB
    assert_undivided(found(write_wav(tmp_path / "twice.wav", np.stack([mix, late]))), "duplicated_mono")


def test_the_option_channels_says_which_speaker_is_on_which_channel(call: Samples, tmp_path: Path) -> None:
    swapped = write_wav(tmp_path / "swapped.wav", call[::-1])
    assert_divided(found(swapped, "--channels", "1,0"), "stereo")


def test_two_of_three_channels_are_chosen(call: Samples, tmp_path: Path) -> None:
    three = write_wav(tmp_path / "three.wav", np.stack([call[1], np.zeros_like(call[0]), call[0]]))
    assert_divided(found(three, "--channels", "2,0"), "multichannel")
    code, _, said = run(str(three))
    assert code == 1
    assert "3 channels" in said
    assert "--channels 1,0" in said


def test_a_file_per_speaker_is_put_on_the_clock_of_the_call(call: Samples, tmp_path: Path) -> None:
    started_s, rate_hz = 2, 8000
    silent = np.pad(call, ((0, 0), (started_s * rate_hz, 0)))  # so that nothing said is lost by starting later
    customer = write_wav(tmp_path / "customer.wav", silent[:1])
    agent = write_wav(tmp_path / "agent.wav", call[1:])
    stages = found("--customer", customer, "--agent", agent, "--agent-offset", str(started_s))
    assert stages["audio"]["recording_facts"]["channel_layout"] == "file_per_speaker"
    assert stages["audio"]["recording_facts"]["duration_s"] == pytest.approx(29.7 + started_s, abs=0.1)
    assert talk_s(stages) == pytest.approx(TALK_S, abs=0.3)
    assert speakers(stages) == ["agent", "customer"] * 4
    plain = found(CALL)
    late_s = [
        turn["start_s"] - other["start_s"]
        for turn, other in zip(stages["transcribe"]["turns"], plain["transcribe"]["turns"], strict=True)
    ]
    assert late_s == pytest.approx([started_s] * 8, abs=0.2)


@pytest.mark.parametrize("dead", ["customer", "agent"])
def test_a_dead_channel_is_named(call: Samples, tmp_path: Path, dead: str) -> None:
    row = list(TALK_S).index(dead)
    silenced = call.copy()
    silenced[row] = 0.0
    stages = found(write_wav(tmp_path / "dead.wav", silenced))
    channels = stages["audio"]["recording_facts"]["channels"]
    assert {who: own["dead"] for who, own in channels.items()} == {who: who == dead for who in TALK_S}
    assert (channels[dead]["loudness_lufs"], channels[dead]["peak_dbfs"]) == (None, None)
    assert talk_s(stages) == pytest.approx({**TALK_S, dead: 0.0}, abs=0.3)
    assert dead not in speakers(stages)


def test_a_speaker_heard_through_on_the_other_channel_is_not_counted_twice(call: Samples, tmp_path: Path) -> None:
    through = call + np.roll(call[::-1], 24, axis=1) * np.float32(0.1)  # 3 ms and -20 dB, both ways
    stages = found(write_wav(tmp_path / "through.wav", through))
    channels = stages["audio"]["recording_facts"]["channels"]
    assert {who: own["bleed_s"] for who, own in channels.items()} == pytest.approx(
        {"customer": TALK_S["agent"], "agent": TALK_S["customer"]}, abs=1.5
    )
    assert talk_s(stages) == pytest.approx(TALK_S, abs=1.5)


def test_half_an_mp3_says_how_much_was_lost(call: Samples, tmp_path: Path) -> None:
    whole = encode(tmp_path / "whole.mp3", call, "libmp3lame", "mp3").read_bytes()
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(whole[: len(whole) // 2])
    facts = found(cut)["audio"]["recording_facts"]
    assert facts["damaged"]
    assert facts["lost_s"] == pytest.approx(14.9, abs=0.3)
    assert facts["duration_s"] + facts["lost_s"] == pytest.approx(29.7, abs=0.1)
    code, printed, _ = run(str(cut))
    assert code == 0
    assert f"damaged\tyes, {facts['lost_s']:.1f} s lost" in printed.splitlines()


def test_readable_output_names_the_layout_and_the_dead_channel(call: Samples, tmp_path: Path) -> None:
    one_sided = call.copy()
    one_sided[1] = 0.0
    code, printed, _ = run(str(write_wav(tmp_path / "dead.wav", one_sided)))
    lines = printed.splitlines()
    assert code == 0
    assert "length\t29.7 s" in lines
    assert "channels\tstereo, one speaker on each" in lines
    assert "agent\tdead channel: silence or faint noise all the time" in lines
    turns = [line.split("\t") for line in lines if line.split("\t")[0].isdecimal()]
    assert {turn[2] for turn in turns} == {"customer"}
    assert turns[0][3].startswith(CUSTOMERS_FIRST_TURN)


@pytest.mark.parametrize("variable", ["CALLSIFT_VOSK_MODEL", "CALLSIFT_VOSK_MODELS"])
def test_the_demo_model_takes_no_place_of_a_model_that_is_set(variable: str, tmp_path: Path) -> None:
    own = shutil.copytree(SPEECH_MODEL, tmp_path / "own")
    value = json.dumps({"tr": str(own)}) if variable == "CALLSIFT_VOSK_MODELS" else str(own)
    assert found(CALL)["transcribe"]["speech_model"].startswith("model@")
    assert found(CALL, **{variable: value})["transcribe"]["speech_model"].startswith("own@")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name one recording"),
        (("--customer", str(CALL)), "name one recording"),
        (("--customer", str(CALL), "--agent", str(CALL), "--channels", "0,1"), "name one recording"),
        ((str(CALL), "--channels", "1,1"), "expected two different channels"),
        ((str(CALL), "--channels", "right"), "expected two different channels"),
        (("absent.wav",), "there is no file absent.wav"),
    ],
)
def test_a_mistake_in_the_options_is_named(arguments: tuple[str, ...], said: str) -> None:
    code, printed, complaint = run(*arguments)
    assert (code, printed) == (2, "")
    assert said in complaint


def test_a_file_that_is_no_recording_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_bytes(b"<html><body>404</body></html>")
    code, printed, said = run(str(page))
    assert (code, printed) == (1, "")
    assert said.startswith("error: no known audio format in 29 bytes")
    assert "Traceback" not in said
