"""From files on disk to prepared audio."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from agents.audio.channels import ChannelMissing
from agents.audio.core import prepare
from agents.audio.prepared import Hearing, Prepared
from schemas import FilePerSpeaker, OneFile, Speaker, SpeakerFile
from tests.agents.audio.sounds import loudest_hz, tone, write_wav
from tests.agents.demo_calls import RECORDINGS, demo_calls

CUSTOMER, AGENT = Speaker.CUSTOMER, Speaker.AGENT
HEARING = Hearing(channels={CUSTOMER: 0, AGENT: 1}, threshold=0.5, min_silence_s=0.3)


def channels_of(prepared: Prepared) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], int]:
    samples, sample_rate_hz = soundfile.read(io.BytesIO(prepared.flac), dtype="float32")
    return samples.T, sample_rate_hz


def test_prepared_audio_is_flac_with_the_customer_first(recordings: dict[str, Path]) -> None:
    recording = OneFile(uri="a", channels={CUSTOMER: 1, AGENT: 0})
    prepared = prepare(recording, {"a": recordings["pcm_mulaw"]}, HEARING)
    samples, sample_rate_hz = channels_of(prepared)
    assert prepared.flac[:4] == b"fLaC"
    assert (sample_rate_hz, samples.shape) == (16_000, (2, 48_000))
    assert [loudest_hz(channel, 16_000) for channel in samples] == pytest.approx([1000, 440], abs=1)
    facts = prepared.recording_facts
    assert (facts.codec, facts.sample_rate_hz, facts.duration_s) == ("pcm_mulaw", 8000, 3.0)
    assert (facts.damaged, facts.lost_s) == (False, 0.0)


def test_the_settings_say_who_is_where_if_the_event_does_not(recordings: dict[str, Path]) -> None:
    swapped = Hearing(channels={CUSTOMER: 1, AGENT: 0}, threshold=0.5, min_silence_s=0.3)
    samples, _ = channels_of(prepare(OneFile(uri="a"), {"a": recordings["pcm_s16le"]}, swapped))
    assert loudest_hz(samples[0], 16_000) == pytest.approx(1000, abs=1)


def test_a_channel_that_is_not_there_is_named(recordings: dict[str, Path]) -> None:
    recording = OneFile(uri="a", channels={CUSTOMER: 0, AGENT: 2})
    with pytest.raises(ChannelMissing, match="agent: 2"):
        prepare(recording, {"a": recordings["pcm_s16le"]}, HEARING)


def test_a_cut_recording_is_marked_damaged_with_what_it_lost(recordings: dict[str, Path], tmp_path: Path) -> None:
    content = recordings["pcm_alaw"].read_bytes()
    path = tmp_path / "cut.wav"
    path.write_bytes(content[: len(content) // 3])
    facts = prepare(OneFile(uri="a"), {"a": path}, HEARING).recording_facts
    assert facts.damaged
    assert facts.lost_s == pytest.approx(2.0, abs=0.02)
    assert facts.duration_s + facts.lost_s == pytest.approx(3.0, abs=0.002)


def test_a_cut_second_file_damages_the_recording_too(tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "whole.wav", tone(440, 2), subtype="ULAW")
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole.read_bytes()[:8058])
    recording = FilePerSpeaker(customer=SpeakerFile(uri="c"), agent=SpeakerFile(uri="a"))
    facts = prepare(recording, {"c": whole, "a": cut}, HEARING).recording_facts
    assert facts.damaged
    assert facts.lost_s == pytest.approx(1.0, abs=0.01)


def test_a_file_per_speaker_is_aligned_by_its_offset() -> None:
    recording = demo_calls()["under-warranty-but-pays"].recording
    assert isinstance(recording, FilePerSpeaker)
    files = {leg.uri: RECORDINGS / leg.uri for leg in (recording.customer, recording.agent)}
    prepared = prepare(recording, files, HEARING)
    assert prepared.speech[AGENT][0].start_s >= recording.agent.offset_s
    assert prepared.speech[CUSTOMER][0].start_s > prepared.speech[AGENT][0].start_s  # the agent greets
    assert prepared.figures.overlap_s < 0.2 * prepared.recording_facts.duration_s


@pytest.mark.parametrize("name", ["leaking-washing-machine", "broken-again"])
def test_speech_and_figures_fit_the_recording(name: str) -> None:
    prepared = prepare(OneFile(uri="a"), {"a": RECORDINGS / f"{name}.wav"}, HEARING)
    duration_s = prepared.recording_facts.duration_s
    ends = [segment.end_s for own in prepared.speech.values() for segment in own]
    assert max(ends) <= duration_s + 0.001
    talk_s = sum(own.talk_s for own in prepared.figures.speakers.values())
    total_s = talk_s + prepared.figures.silence_s - prepared.figures.overlap_s
    assert total_s == pytest.approx(duration_s, abs=0.004)
