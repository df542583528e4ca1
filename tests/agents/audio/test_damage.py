"""Damage in a recording costs the sound that it hit and no more, and the recording says so."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from agents.audio.decode import UndecodableRecording
from tests.agents.audio.damage import damaged_files, ffmpegs_s, flipped, heard
from tests.agents.audio.formats import CALL, FORMATS, Format
from tests.agents.audio.sounds import Samples, decode, encode

_BY_FILE = {form.file: form for form in FORMATS}

CHECKED = ("call.flac", "call.ogg", "vorbis.ogg")
"""Formats with checksums. In the others some damage looks like sound."""

SLIPPING = ("call.amr", "call.tco")
"""Formats in which damage changes the length of the frames behind it, and they decode all the same: as longer noise."""

CALL_S = 29.7

_VBR = {"flags": "+qscale", "global_quality": "590"}
"""LAME's quality 5 in FFmpeg's lambda units."""


def at_15_percent(form: Format, size: int, folder: Path) -> Path:
    form.written(folder)
    path = form.files(folder)[0]
    content = path.read_bytes()
    path.write_bytes(flipped(content, int(len(content) * 0.15), size))
    return path


@pytest.mark.parametrize(
    ("file", "size", "lost_s"), [("call.aac", 8, 0.13), ("call.amr", 8, 0.1), ("own.mp3", 64, 0.04)]
)
def test_a_few_flipped_bytes_cost_less_than_two_seconds(file: str, size: int, lost_s: float, tmp_path: Path) -> None:
    found = heard(at_15_percent(_BY_FILE[file], size, tmp_path))
    assert found.decoded_s == pytest.approx(CALL_S, rel=0.03)
    assert found.damaged
    assert found.lost_s == pytest.approx(lost_s, abs=0.1)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="compares with the ffmpeg program, which is not installed")
@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.file)
def test_a_damaged_recording_gives_as_many_seconds_as_ffmpeg_decodes(form: Format, tmp_path: Path) -> None:
    for paths in damaged_files(form, tmp_path, 6, 2):
        for path in paths:
            assert heard(path).decoded_s == pytest.approx(ffmpegs_s(path), rel=0.03, abs=0.1), path.name


@pytest.mark.parametrize("form", [form for form in FORMATS if form.file not in SLIPPING], ids=lambda form: form.file)
def test_decoded_and_lost_seconds_add_up_to_the_call(form: Format, tmp_path: Path) -> None:
    form.written(tmp_path)
    path = form.files(tmp_path)[0]
    content = path.read_bytes()
    for share in (0.2, 0.5, 0.8):
        path.write_bytes(flipped(content, int(len(content) * share), 64))
        found = heard(path)
        assert found.decoded_s + found.lost_s == pytest.approx(CALL_S, rel=0.03)
        assert found.decoded_s > 0.8 * CALL_S  # a WebM loses a cluster of 5 s
        assert found.damaged or form.file not in CHECKED


@pytest.mark.parametrize("file", CHECKED)
def test_damage_to_a_format_with_checksums_is_always_seen(file: str, tmp_path: Path) -> None:
    _BY_FILE[file].written(tmp_path)
    path = tmp_path / file
    content = path.read_bytes()
    for share in (0.05, 0.5, 0.97, 0.995):
        start = int(len(content) * share)
        for damaged in (flipped(content, start, 8), content[:start]):
            path.write_bytes(damaged)
            found = heard(path)
            assert found.damaged, f"{len(damaged)} of {len(content)} bytes, damaged at {share}"
            assert found.lost_s > 0


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 44_100])
def test_a_healthy_vorbis_recording_of_short_and_long_blocks_is_whole(rate_hz: int, tmp_path: Path) -> None:
    samples = decode(CALL).samples
    path = tmp_path / "call.ogg"
    soundfile.write(path, samples.T, rate_hz, format="OGG", subtype="VORBIS")
    decoded = decode(path)
    assert decoded.duration_s == pytest.approx(samples.shape[1] / rate_hz, abs=0.1)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)


def test_a_tag_before_an_ogg_recording_is_no_damage(tmp_path: Path) -> None:
    _BY_FILE["vorbis.ogg"].written(tmp_path)
    path = tmp_path / "vorbis.ogg"
    path.write_bytes(b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + path.read_bytes())
    decoded = decode(path)
    assert decoded.duration_s == pytest.approx(CALL_S, abs=0.1)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)


def _mp3(path: Path, samples: Samples, rate_hz: int, options: dict[str, str]) -> Path:
    with av.open(str(path), "w", format="mp3", options={"write_xing": options.pop("write_xing", "1")}) as output:
        stream = output.add_stream("libmp3lame", rate=rate_hz, layout="stereo", options=options)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate = 8000
        resampler = av.AudioResampler(stream.format, "stereo", rate_hz, frame_size=stream.codec_context.frame_size)
        frames: Iterable[av.AudioFrame] = (*resampler.resample(frame), *resampler.resample(None))
        for part in frames:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return path


def test_a_healthy_mp3_without_a_length_of_its_own_is_whole(tmp_path: Path) -> None:
    call = decode(CALL).samples
    silence_first = np.concatenate([np.zeros((2, 8000 * 43), np.float32), call], axis=1)
    path = _mp3(tmp_path / "vbr.mp3", silence_first, 8000, _VBR | {"write_xing": "0"})
    assert path.read_bytes().find(b"Xing") == path.read_bytes().find(b"Info") == -1
    decoded = decode(path)
    assert decoded.duration_s == pytest.approx(43 + CALL_S, abs=0.3)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_a_healthy_wav_that_libsndfile_compressed_is_whole(subtype: str, tmp_path: Path) -> None:
    samples = decode(CALL).samples
    path = tmp_path / "call.wav"
    soundfile.write(path, samples[0] if subtype == "GSM610" else samples.T, 8000, format="WAV", subtype=subtype)
    decoded = decode(path)
    assert decoded.duration_s == pytest.approx(CALL_S, abs=0.1)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)


def test_an_mp3_whose_rate_changes_midway_is_whole(tmp_path: Path) -> None:
    call = decode(CALL).samples
    parts = [_mp3(tmp_path / f"{rate_hz}.mp3", call, rate_hz, {}) for rate_hz in (8000, 16_000)]
    path = tmp_path / "joined.mp3"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    decoded = decode(path)
    assert decoded.sample_rate_hz == 8000
    assert decoded.duration_s == pytest.approx(2 * CALL_S, abs=0.4)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_cut_m4a_is_decoded_up_to_there_and_says_what_it_lost(share: float, tmp_path: Path) -> None:
    whole = tmp_path / "whole.m4a"
    with av.open(str(whole), "w", format="mp4", options={"movflags": "faststart"}) as output:
        encoded = encode(tmp_path / "call.m4a", decode(CALL).samples, "aac", "mp4", 16_000, recorded_hz=8000)
        with av.open(str(encoded)) as source:
            stream = output.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(source.streams.audio[0]):
                if packet.size:
                    packet.stream = stream
                    output.mux(packet)
    content = whole.read_bytes()
    whole.write_bytes(content[: int(len(content) * share)])
    found = heard(whole)
    assert found.damaged
    assert found.decoded_s == pytest.approx(share * CALL_S, abs=2)
    assert found.decoded_s + found.lost_s == pytest.approx(CALL_S, abs=0.3)


@pytest.mark.parametrize("name", ["call.mp3", "call.aac"])
def test_noise_is_no_recording(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(1).bytes(2_000_000))
    with pytest.raises(UndecodableRecording):
        decode(path)
