"""From files on disk to prepared audio."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from agents.audio.core import prepare
from agents.audio.prepared import AudioOptions, Prepared
from schemas import FilePerSpeaker, OneFile, Recording, Speaker, SpeakerFile
from tests.agents.audio.sounds import Samples, decode, encode, loudest_hz, tone, write_wav
from tests.agents.demo_calls import RECORDINGS, demo_calls

CUSTOMER, AGENT, UNDIVIDED = Speaker.CUSTOMER, Speaker.AGENT, Speaker.UNDIVIDED
DTMF = [(697, 1209), (770, 1336), (852, 1477), (941, 1336), (697, 1477)]
MELODY = [0, 4, 7, 12, 7, 4, 5, 9, 12, 9, 7, 11, 14, 11, 7, 5, 4, 2, 0, 0]
OPTIONS = AudioOptions(channels=None, threshold=0.5, min_silence_s=0.3)


def prepared(recording: Recording | Path, flac: Path, **files: Path) -> tuple[Prepared, Samples]:
    """What comes of a recording, and the samples of the prepared audio."""
    if isinstance(recording, Path):
        files = {"a": recording}
        recording = OneFile(uri="a")
    result = prepare(recording, files, flac, OPTIONS)
    samples, sample_rate_hz = soundfile.read(flac, dtype="float32", always_2d=True)
    assert sample_rate_hz == 16_000
    assert soundfile.info(flac).format == "FLAC"
    assert samples.shape[1] == len(result.speakers)
    return result, samples.T


@pytest.fixture
def flac(tmp_path: Path) -> Path:
    return tmp_path / "prepared.flac"


@pytest.fixture(scope="module")
def call() -> Samples:
    """A demo call as it was recorded, customer first."""
    return decode(RECORDINGS / "leaking-washing-machine.wav").samples


def test_prepared_audio_has_the_customer_first(recordings: dict[str, Path], flac: Path) -> None:
    recording = OneFile(uri="a", channels={CUSTOMER: 1, AGENT: 0})
    result, samples = prepared(recording, flac, a=recordings["pcm_mulaw"])
    assert result.speakers == (CUSTOMER, AGENT)
    assert samples.shape == (2, 48_000)
    assert [loudest_hz(channel, 16_000) for channel in samples] == pytest.approx([1000, 440], abs=1)
    facts = result.recording_facts
    assert (facts.codec, facts.sample_rate_hz, facts.duration_s) == ("pcm_mulaw", 8000, 3.0)
    assert (facts.damaged, facts.lost_s, facts.channel_layout) == (False, 0.0, "stereo")
    assert facts.channels[AGENT].peak_dbfs == pytest.approx(-6.0, abs=0.2)


def test_a_mono_call_is_heard_undivided(call: Samples, flac: Path, tmp_path: Path) -> None:
    result, _ = prepared(write_wav(tmp_path / "mono.wav", call.sum(axis=0, keepdims=True)), flac)
    assert result.speakers == tuple(result.speech) == tuple(result.figures.speakers) == (UNDIVIDED,)
    assert result.recording_facts.channel_layout == "mono"
    assert result.figures.speakers[UNDIVIDED].talk_s == pytest.approx(36, abs=1)


@pytest.mark.parametrize(("codec", "delay_s"), [("wav", 0.005), ("mp3", 0.005), ("wav", 0.08), ("wav", 0.24)])
def test_one_mix_on_both_channels_is_heard_once(
    call: Samples, flac: Path, tmp_path: Path, codec: str, delay_s: float
) -> None:
    mix = call.sum(axis=0)
    late = np.roll(mix, round(delay_s * 8000)) * np.float32(10 ** (-3 / 20))
    twice = np.stack([late, mix])
    path = tmp_path / f"twice.{codec}"
    written = write_wav(path, twice, subtype="ALAW") if codec == "wav" else encode(path, twice, "libmp3lame", "mp3")
    result, samples = prepared(written, flac)
    assert result.recording_facts.channel_layout == "duplicated_mono"
    assert result.speakers == tuple(result.recording_facts.channels) == (UNDIVIDED,)
    expected, whole = prepared(write_wav(tmp_path / "mono.wav", mix[np.newaxis]), flac)
    own, other = result.figures.speakers[UNDIVIDED], expected.figures.speakers[UNDIVIDED]
    assert own.talk_s == pytest.approx(other.talk_s, abs=0.7)
    assert np.square(samples).mean() == pytest.approx(np.square(whole).mean(), rel=0.1)  # the louder one was kept


@pytest.mark.parametrize("delay_s", [0.003, 0.2])
def test_a_speaker_who_bleeds_into_the_other_channel_counts_once(
    call: Samples, flac: Path, tmp_path: Path, delay_s: float
) -> None:
    through = call + np.roll(call[::-1], round(delay_s * 8000), axis=1) * np.float32(0.1)  # -20 dB, both ways
    plain, _ = prepared(write_wav(tmp_path / "plain.wav", call), flac)
    bled, _ = prepared(write_wav(tmp_path / "bled.wav", through), flac)
    for speaker, other in ((CUSTOMER, AGENT), (AGENT, CUSTOMER)):
        alone_s, others_s = (plain.figures.speakers[who].talk_s for who in (speaker, other))
        assert bled.figures.speakers[speaker].talk_s == pytest.approx(alone_s, abs=2.0)
        assert bled.recording_facts.channels[speaker].bleed_s == pytest.approx(others_s, abs=2.0)
        assert plain.recording_facts.channels[speaker].bleed_s == 0


@pytest.mark.parametrize("gain_db", [-20, -30])
def test_a_quiet_caller_at_the_same_time_as_a_loud_agent_is_kept(
    call: Samples, flac: Path, tmp_path: Path, gain_db: int
) -> None:
    other = decode(RECORDINGS / "comparing-prices.mp3").samples.mean(axis=0)
    quiet = call.sum(axis=0)[: other.size] * np.float32(10 ** (gain_db / 20))
    result, _ = prepared(write_wav(tmp_path / "both.wav", np.stack([quiet, other[: quiet.size]])), flac)
    facts = result.recording_facts
    assert facts.channel_layout == "stereo"
    assert facts.channels[CUSTOMER].bleed_s < 0.05 * result.figures.speakers[CUSTOMER].talk_s


LINE_SOUNDS: dict[str, Samples] = {
    "comfort noise": np.random.default_rng(5).standard_normal((1, 80_000)).astype(np.float32) * np.float32(0.001),
    "ringback": np.tile(np.pad(tone(450, 2), ((0, 0), (0, 32_000))), (1, 2))[:, :80_000],
    "DTMF": np.concatenate(
        [np.pad((tone(low, 0.2) + tone(high, 0.2)) / 2, ((0, 0), (0, 1600))) for low, high in DTMF * 5], axis=1
    ),
    "hold music": np.concatenate(
        [sum(tone(262 * 2 ** (step / 12) * part, 0.5) / (3 * part) for part in (1, 2, 3)) for step in MELODY], axis=1
    ),
}
"""Ten seconds each."""


@pytest.mark.parametrize("sound", LINE_SOUNDS)
def test_what_a_line_plays_before_a_call_is_nobodys_speech(
    call: Samples, flac: Path, tmp_path: Path, sound: str
) -> None:
    plain, _ = prepared(write_wav(tmp_path / "plain.wav", call), flac)
    before = np.repeat(LINE_SOUNDS[sound], 2, axis=0)
    result, _ = prepared(write_wav(tmp_path / "late.wav", np.concatenate([before, call], axis=1)), flac)
    assert result.recording_facts.channel_layout == "stereo"
    for speaker, own in result.figures.speakers.items():
        assert own.talk_s == pytest.approx(plain.figures.speakers[speaker].talk_s, rel=0.15)
        assert result.speech[speaker][0].start_s > 10


@pytest.mark.parametrize("gain_db", [-30, -40])
def test_a_quiet_caller_is_heard_and_no_dead_channel(call: Samples, flac: Path, tmp_path: Path, gain_db: int) -> None:
    plain, _ = prepared(write_wav(tmp_path / "plain.wav", call), flac)
    quiet = call * np.array([[10 ** (gain_db / 20)], [1.0]], np.float32)
    result, _ = prepared(write_wav(tmp_path / "quiet.wav", quiet), flac)
    facts = result.recording_facts.channels[CUSTOMER]
    assert not facts.dead
    assert facts.peak_dbfs is not None
    assert facts.peak_dbfs < gain_db
    assert result.figures.speakers[CUSTOMER].talk_s > 0.5 * plain.figures.speakers[CUSTOMER].talk_s


@pytest.mark.parametrize("constant", [0.0, 0.2])
def test_a_dead_channel_is_told(call: Samples, flac: Path, tmp_path: Path, constant: float) -> None:
    one_sided = np.stack([np.full_like(call[0], constant), call[1]])
    result, _ = prepared(write_wav(tmp_path / "dead.wav", one_sided), flac)
    assert (result.recording_facts.channels[CUSTOMER].dead, result.recording_facts.channels[AGENT].dead) == (
        True,
        False,
    )
    assert result.recording_facts.channels[CUSTOMER].dc_offset == pytest.approx(constant, abs=0.001)
    assert result.speech[CUSTOMER] == ()
    assert result.speech[AGENT]


def test_a_call_of_no_seconds_is_empty_and_whole(flac: Path, tmp_path: Path) -> None:
    result, samples = prepared(write_wav(tmp_path / "none.wav", np.zeros((2, 0), np.float32)), flac)
    assert samples.shape == (2, 1)  # FLAC cannot be emptier
    facts = result.recording_facts
    assert (facts.duration_s, facts.damaged) == (0.0, False)
    assert all(channel.dead for channel in facts.channels.values())
    assert result.speech == {CUSTOMER: (), AGENT: ()}


def test_a_cut_recording_is_marked_damaged_with_what_it_lost(
    recordings: dict[str, Path], flac: Path, tmp_path: Path
) -> None:
    content = recordings["pcm_alaw"].read_bytes()
    path = tmp_path / "cut.wav"
    path.write_bytes(content[: len(content) // 3])
    facts = prepared(path, flac)[0].recording_facts
    assert facts.damaged
    assert facts.lost_s == pytest.approx(2.0, abs=0.02)
    assert facts.duration_s + facts.lost_s == pytest.approx(3.0, abs=0.002)


def test_a_cut_second_file_damages_the_recording_too(flac: Path, tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "whole.wav", tone(440, 2), subtype="ULAW")
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole.read_bytes()[:8058])
    recording = FilePerSpeaker(customer=SpeakerFile(uri="c"), agent=SpeakerFile(uri="a"))
    facts = prepared(recording, flac, c=whole, a=cut)[0].recording_facts
    assert facts.damaged
    assert facts.lost_s == pytest.approx(1.0, abs=0.01)


def test_a_file_per_speaker_is_aligned_by_its_offset(flac: Path) -> None:
    demo = demo_calls()["under-warranty-but-pays"]
    assert isinstance(demo.recording, FilePerSpeaker)
    result, _ = prepared(demo.recording, flac, **{uri: RECORDINGS / uri for uri in demo.files})
    assert result.recording_facts.channel_layout == "file_per_speaker"
    assert result.speech[AGENT][0].start_s >= demo.recording.agent.offset_s
    assert result.speech[CUSTOMER][0].start_s > result.speech[AGENT][0].start_s  # the agent greets
    assert result.figures.overlap_s < 0.2 * result.recording_facts.duration_s


@pytest.mark.parametrize("name", ["leaking-washing-machine", "broken-again"])
def test_speech_and_figures_fit_the_recording(name: str, flac: Path) -> None:
    result, _ = prepared(RECORDINGS / f"{name}.wav", flac)
    duration_s = result.recording_facts.duration_s
    ends = [segment.end_s for own in result.speech.values() for segment in own]
    assert max(ends) <= duration_s + 0.001
    talk_s = sum(own.talk_s for own in result.figures.speakers.values())
    total_s = talk_s + result.figures.silence_s - result.figures.overlap_s
    assert total_s == pytest.approx(duration_s, abs=0.004)
