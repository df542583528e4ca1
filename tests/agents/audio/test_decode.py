"""Decoding: whatever lies at the address becomes samples, or an error that says what was found."""

import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile

from agents.audio.decode import RecordingFile, UndecodableRecording
from schemas import SoundFormat
from tests.agents.audio.sounds import both, decode, encode, loudest_hz, tone, write_wav

WAVS = ("pcm_s16le", "pcm_mulaw", "pcm_alaw")
CODECS = (*WAVS, "mp3float", "opus", "flac", "aac")


def cut(path: Path, share: float) -> Path:
    """The first part of a file, as a broken transfer leaves it."""
    content = path.read_bytes()
    target = path.with_name(f"cut-{share:g}-{path.name}")
    target.write_bytes(content[: int(len(content) * share)])
    return target


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_gives_both_channels_whole(recordings: dict[str, Path], codec: str) -> None:
    decoded = decode(recordings[codec])
    assert decoded.codec == codec
    assert decoded.sample_rate_hz in {8000, 48000}
    assert decoded.duration_s == pytest.approx(3.0, abs=0.05)
    assert decoded.lost_s == 0
    assert [loudest_hz(channel, decoded.sample_rate_hz) for channel in decoded.samples] == pytest.approx(
        [440, 1000], abs=2
    )
    assert 0.4 < np.abs(decoded.samples).max() <= 1.0


@pytest.mark.parametrize("codec", WAVS)
def test_a_truncated_wav_is_processed_and_says_what_it_lost(recordings: dict[str, Path], codec: str) -> None:
    decoded = decode(cut(recordings[codec], 0.5))
    assert decoded.duration_s == pytest.approx(1.5, abs=0.01)
    assert decoded.lost_s == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize("codec", ["mp3float", "flac"])
def test_a_truncated_file_that_announced_its_length_says_what_it_lost(recordings: dict[str, Path], codec: str) -> None:
    decoded = decode(cut(recordings[codec], 0.5))
    assert 0.9 < decoded.duration_s < 1.6
    assert decoded.duration_s + decoded.lost_s == pytest.approx(3.0, abs=0.1)


def test_a_truncated_ogg_is_processed_as_far_as_it_goes(recordings: dict[str, Path]) -> None:
    assert 0.5 < decode(cut(recordings["opus"], 0.5)).duration_s < 2.5


@pytest.mark.parametrize("size", [0x00000000, 0xFFFFFFFF])
def test_a_wav_written_as_a_stream_announces_nothing_and_lost_nothing(
    recordings: dict[str, Path], tmp_path: Path, size: int
) -> None:
    content = bytearray(recordings["pcm_s16le"].read_bytes())
    content[4:8] = content[40:44] = struct.pack("<I", size)
    path = tmp_path / "stream.wav"
    path.write_bytes(content)
    decoded = decode(path)
    assert (decoded.duration_s, decoded.lost_s) == (3.0, 0.0)


def test_a_name_decides_nothing_the_content_does(recordings: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(recordings["opus"].read_bytes())
    assert decode(path).codec == "opus"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"Dear PBX, the recording could not be written.\n" * 40, "no known audio format in 1840 bytes"),
        (b"<html><body>404</body></html>", "no known audio format"),
        (b"\x00" * 4096, "no known audio format"),
        (b"RIFF", "no known audio format in 4 bytes"),
    ],
    ids=["empty", "text", "html", "zeros", "four bytes"],
)
def test_a_file_that_is_no_recording_is_undecodable_and_its_size_is_named(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(content)
    with pytest.raises(UndecodableRecording, match=said):
        decode(path)


def test_a_header_without_sound_is_undecodable(recordings: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "header.wav"
    path.write_bytes(recordings["pcm_s16le"].read_bytes()[:44])
    with pytest.raises(UndecodableRecording, match="nothing decodable in a wav file of 44 bytes"):
        decode(path)


@pytest.mark.parametrize("codec", ["mp3float", "opus", "flac", "aac"])
def test_the_first_bytes_of_a_file_alone_are_undecodable(recordings: dict[str, Path], codec: str) -> None:
    with pytest.raises(UndecodableRecording):
        decode(cut(recordings[codec], 0.02))


def test_a_title_in_a_turkish_code_page_does_not_matter(tmp_path: Path) -> None:
    title = "Müşteri görüşmesi".encode("iso-8859-9") + b"\0"
    chunk = b"INFOINAM" + struct.pack("<I", len(title)) + title + b"\0" * (len(title) % 2)
    content = write_wav(tmp_path / "plain.wav", tone(440, 1)).read_bytes()
    with_title = content[:36] + b"LIST" + struct.pack("<I", len(chunk)) + chunk + content[36:]
    path = tmp_path / "titled.wav"
    path.write_bytes(with_title[:4] + struct.pack("<I", len(with_title) - 8) + with_title[8:])
    assert decode(path).duration_s == 1.0


def test_a_recording_whose_channels_change_midway_is_whole(tmp_path: Path) -> None:
    one, two = tone(440, 1), np.concatenate([tone(440, 1), tone(1000, 1)])
    path = tmp_path / "joined.mp3"
    parts = [encode(tmp_path / f"{len(part)}.mp3", part, "libmp3lame", "mp3") for part in (two, one)]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    decoded = decode(path)
    assert decoded.samples.shape[0] == 2
    assert decoded.duration_s == pytest.approx(2.0, abs=0.2)
    assert [loudest_hz(channel[-4000:], 8000) for channel in decoded.samples] == pytest.approx([440, 440], abs=3)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)


@pytest.mark.parametrize("codec", ["mp3float", "opus", "flac", "aac", "pcm_s16le"])
def test_damage_anywhere_gives_samples_or_the_error_and_nothing_else(
    recordings: dict[str, Path], tmp_path: Path, codec: str
) -> None:
    whole, unexpected = recordings[codec].read_bytes(), {}
    for seed in range(20):
        random, damaged = Random(seed), bytearray(whole)
        for _ in range(40):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        path = tmp_path / f"{seed}.{codec}"
        path.write_bytes(damaged)
        try:
            assert decode(path).duration_s > 0
        except UndecodableRecording:
            pass
        except Exception as error:  # noqa: BLE001 - which one is what this test reports
            unexpected[seed] = repr(error)[:120]
    assert not unexpected


def test_a_recording_of_no_seconds_is_one(tmp_path: Path) -> None:
    decoded = decode(write_wav(tmp_path / "none.wav", np.zeros((2, 0), np.float32)))
    assert (decoded.samples.shape, decoded.sample_rate_hz, decoded.lost_s) == ((2, 0), 8000, 0.0)


def test_a_rate_that_shares_no_step_with_16_khz_is_converted_and_the_recordings_own_is_told(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "exotic.wav", both(tone(440, 2, 8011), tone(1000, 2, 8011)), 8011)
    with RecordingFile(path) as file:
        assert (file.recorded_rate_hz, file.sample_rate_hz) == (8011, 48_000)
    decoded = decode(path)
    assert decoded.duration_s == pytest.approx(2.0, abs=0.01)
    assert decoded.lost_s == 0
    assert [loudest_hz(channel, 48_000) for channel in decoded.samples] == pytest.approx([440, 1000], abs=2)


@pytest.mark.parametrize(
    ("name", "subtype", "rate_hz"),
    [
        ("a.ulaw", "ULAW", 8000),
        ("a.PCM", "ULAW", 8000),
        ("a.alaw", "ALAW", 8000),
        ("a.sln", "PCM_16", 8000),
        ("a.raw", "PCM_16", 8000),
        ("a.sln16", "PCM_16", 16_000),
        ("a.sln48", "PCM_16", 48_000),
    ],
)
def test_a_file_without_a_header_is_what_its_name_says(tmp_path: Path, name: str, subtype: str, rate_hz: int) -> None:
    path = tmp_path / name
    soundfile.write(path, tone(440, 2, rate_hz).T, rate_hz, subtype=subtype, format="RAW", endian="LITTLE")
    decoded = decode(path)
    assert (decoded.sample_rate_hz, decoded.duration_s, decoded.lost_s) == (rate_hz, 2.0, 0.0)
    assert loudest_hz(decoded.samples[0], rate_hz) == pytest.approx(440, abs=2)


def test_a_file_without_a_header_is_what_the_event_says(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    soundfile.write(path, both(tone(440, 2), tone(1000, 2)).T, 8000, subtype="ALAW", format="RAW")
    with RecordingFile(path, SoundFormat(encoding="alaw", channels=2)) as file:
        samples = np.concatenate(list(file.blocks()), axis=1)
    assert [round(loudest_hz(channel, 8000)) for channel in samples] == [440, 1000]
    with pytest.raises(UndecodableRecording) as caught:
        RecordingFile(path)
    assert "recording.format" in caught.value.cure


def test_a_header_counts_more_than_a_name(recordings: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "a.ulaw"
    path.write_bytes(recordings["pcm_s16le"].read_bytes())
    assert decode(path).duration_s == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "ffconcat version 1.0\nfile secret.wav\n"),
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nsecret.wav\n#EXT-X-ENDLIST\n"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nsecret.wav\n"),
    ],
)
def test_what_names_other_files_is_no_recording(
    recordings: dict[str, Path], tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / "secret.wav").write_bytes(recordings["pcm_s16le"].read_bytes())
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UndecodableRecording):
        decode(path)


@pytest.mark.parametrize("rate_hz", [1, 100, 3999, 400_000])
def test_a_rate_that_no_recording_of_speech_has_is_refused_before_any_work(tmp_path: Path, rate_hz: int) -> None:
    path = write_wav(tmp_path / "a.wav", tone(440, 1), rate_hz)
    with pytest.raises(UndecodableRecording, match=f"^{rate_hz} samples a second"):
        RecordingFile(path)


@pytest.mark.parametrize("channels", [7, 8, 16])
def test_many_channels_are_read_whole(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.concatenate([tone(200.0 + 50 * number, 1) for number in range(channels)]).T, 8000)
    heard = [round(loudest_hz(channel, 8000)) for channel in decode(path).samples]
    assert heard == [200 + 50 * number for number in range(channels)]


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.wav", "pcm_s16le", "wav"),
        ("a.wav", "adpcm_ima_wav", "wav"),
        ("a.m4a", "aac", "ipod"),
        ("a.aiff", "pcm_s16be", "aiff"),
        ("a.flac", "flac", "flac"),
        ("a.webm", "libopus", "webm"),
    ],
)
def test_recordings_one_after_the_other_in_a_file_are_one_call(
    tmp_path: Path, name: str, codec: str, container: str
) -> None:
    path, rate_hz = tmp_path / name, 48_000 if codec == "libopus" else 16_000
    pieces = []
    for frequency_hz in (440, 1000, 700):
        encode(path, tone(frequency_hz, 2, rate_hz), codec, container, rate_hz)
        pieces.append(path.read_bytes())
    path.write_bytes(b"".join(pieces))
    decoded = decode(path)
    assert decoded.duration_s == pytest.approx(6.0, abs=0.4)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)
    middles = [decoded.samples[0, round(at * rate_hz) : round((at + 1) * rate_hz)] for at in (0.5, 2.5, 4.5)]
    assert [loudest_hz(middle, rate_hz) for middle in middles] == pytest.approx([440, 1000, 700], abs=2)


def test_a_second_recording_of_another_form_is_converted_to_the_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "joined.wav"
    parts = [both(tone(440, 2), tone(440, 2)), tone(1000, 2, 16_000)]
    path.write_bytes(
        b"".join(
            write_wav(tmp_path / f"{rate_hz}.wav", part, rate_hz, subtype).read_bytes()
            for part, rate_hz, subtype in zip(parts, (8000, 16_000), ("ULAW", "PCM_16"), strict=True)
        )
    )
    decoded = decode(path)
    assert (decoded.samples.shape[0], decoded.sample_rate_hz, decoded.damaged) == (2, 8000, False)
    assert decoded.duration_s == pytest.approx(4.0, abs=0.01)
    assert [loudest_hz(channel[-8000:], 8000) for channel in decoded.samples] == pytest.approx([1000, 1000], abs=2)


@pytest.mark.parametrize(
    ("second", "lost_s"),
    [(lambda wav: wav[: len(wav) // 2], 1.0), (lambda wav: wav[:12] + b"?" * (len(wav) - 12), 2.0)],
    ids=["cut", "spoilt"],
)
def test_what_is_missing_of_a_second_recording_is_lost_and_said(
    tmp_path: Path, second: Callable[[bytes], bytes], lost_s: float
) -> None:
    path = write_wav(tmp_path / "joined.wav", tone(440, 2))
    path.write_bytes(path.read_bytes() + second(path.read_bytes()))
    decoded = decode(path)
    assert decoded.damaged
    assert decoded.lost_s == pytest.approx(lost_s, abs=0.05)
    assert decoded.duration_s + decoded.lost_s == pytest.approx(4.0, abs=0.05)


def with_header_of_half(wav: bytes) -> bytes:
    """A WAV whose header was written when half of it was recorded."""
    at = wav.index(b"data") + 4
    half = int.from_bytes(wav[at : at + 4], "little") // 2
    return wav[:4] + struct.pack("<I", at - 4 + half) + wav[8:at] + struct.pack("<I", half) + wav[at + 4 :]


@pytest.mark.parametrize("subtype", ["PCM_16", "ULAW", "GSM610"])
def test_a_wav_whose_header_says_half_is_decoded_whole(tmp_path: Path, subtype: str) -> None:
    path = write_wav(tmp_path / "half.wav", tone(440, 4), subtype=subtype)
    path.write_bytes(with_header_of_half(path.read_bytes()))
    decoded = decode(path)
    assert decoded.duration_s == pytest.approx(4.0, abs=0.05)
    assert (decoded.damaged, decoded.lost_s) == (False, 0.0)
    assert loudest_hz(decoded.samples[0, -8000:], 8000) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    "behind",
    [b"LIST" + struct.pack("<I", 4000) + b"x" * 4000, bytes(8000), b"\xff\xfe" * 500],
    ids=["a chunk", "room kept free", "a little of something"],
)
def test_what_is_no_sound_behind_a_wavs_samples_is_left_out(tmp_path: Path, behind: bytes) -> None:
    path = write_wav(tmp_path / "a.wav", tone(440, 2))
    path.write_bytes(path.read_bytes() + behind)
    decoded = decode(path)
    assert (decoded.duration_s, decoded.damaged) == (2.0, False)


@pytest.mark.parametrize("codec", CODECS)
def test_a_recording_announces_its_length(recordings: dict[str, Path], codec: str) -> None:
    with RecordingFile(recordings[codec]) as file:
        assert file.announced_s == pytest.approx(3.0, abs=0.1)


def test_the_parts_of_a_file_are_announced_together_and_no_length_is_guessed_from_the_size(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "joined.wav", tone(440, 2))
    path.write_bytes(path.read_bytes() * 3)
    with RecordingFile(path) as file:
        assert file.announced_s == pytest.approx(6.0, abs=0.1)
