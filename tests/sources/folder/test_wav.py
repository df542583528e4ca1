"""What headers of real WAV files say."""

import io
import struct
import wave

import pytest

from sources.folder.wav import header


def written(seconds: float, channels: int = 2) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * channels * int(8000 * seconds)))
    return target.getvalue()


def test_a_whole_file_is_closed_and_has_its_length() -> None:
    sound = written(1.5)
    found = header(sound[:512], len(sound))
    assert found == (True, 1.5)


def test_a_file_that_is_being_written_is_open() -> None:
    """As Asterisk has it until the end, and for ever where it is killed."""
    sound = written(2.0)
    sound = sound[:4] + bytes(4) + sound[8:40] + bytes(4) + sound[44:]
    assert header(sound[:512], len(sound)) == (False, 2.0)


def test_a_file_that_is_being_copied_is_open() -> None:
    sound = written(2.0)
    found = header(sound[:512], len(sound) // 2)
    assert found is not None
    assert not found.closed


def test_a_file_written_as_a_stream_is_closed() -> None:
    sound = written(2.0)
    sound = sound[:4] + struct.pack("<I", 0xFFFFFFFF) + sound[8:40] + struct.pack("<I", 0xFFFFFFFF) + sound[44:]
    assert header(sound[:512], len(sound)) == (True, 2.0)


@pytest.mark.parametrize("size", range(0, 60, 7))
def test_the_beginning_of_a_header_is_no_error(size: int) -> None:
    header(written(0.1)[:size], size)


def test_something_else_is_no_wav_file() -> None:
    assert header(b"ID3" + bytes(100), 103) is None
