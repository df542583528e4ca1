"""The process that watches a folder, killed at seeded moments while recordings are written."""

import random
import signal
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from schemas import CallEnded
from streams.settings import KafkaSettings
from tests.patience import PATIENCE_S
from tests.sources.folder.test_wav import written
from tests.sources.processes import handed_in, source, variables

CALLS, KILLS, SECONDS = 40, 4, 4.0


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*")]


def record(folder: Path, number: int, seconds: float, chance: random.Random) -> None:
    """Write a recording as Asterisk does: its header first without lengths, then blocks; and its mono twin."""
    sound = written(seconds)
    stem = f"20260701-12{number:02}00_555000{number:04}"
    for name in chance.sample([f"S_{stem}.wav", f"{stem}-all.wav"], 2):
        with (folder / name).open("wb", buffering=0) as file:
            file.write(sound[:4] + bytes(4) + sound[8:40] + bytes(4))
            for start in range(44, len(sound), 20_000):
                file.write(sound[start : start + 20_000])
                time.sleep(chance.uniform(0, 0.02))
            file.seek(0)
            file.write(sound[:44])


@pytest.mark.integration
def test_a_watcher_that_is_killed_loses_no_call_and_makes_none_twice(real_kafka: KafkaSettings, tmp_path: Path) -> None:
    chance = random.Random(20)
    (tmp_path / "recordings").mkdir()
    folder = {"path": str(tmp_path / "recordings"), "preset": "vicidial", "poll_s": 0.1, "settle_s": 0.3}
    environment = variables(real_kafka, tmp_path, {"folders": {"folder": folder}})
    watching = partial(source, environment, "folder", "--since", "2000-01-01T00:00Z")
    lengths = {number: 1 + number * 0.05 for number in range(CALLS)}

    def record_all() -> None:
        for number, seconds in lengths.items():
            record(tmp_path / "recordings", number, seconds, random.Random(number))
            time.sleep(SECONDS / CALLS)

    recording = threading.Thread(target=record_all)
    recording.start()
    for _ in range(KILLS):
        process = watching()
        kill_at = time.monotonic() + chance.uniform(0.0, 2.0)
        while "folder.sqlite" not in names(tmp_path / "home" / "sources") or time.monotonic() < kill_at:
            time.sleep(0.02)  # a start takes long on a machine that is busy: one that has not begun shows nothing
        process.kill()
        assert process.wait() == -signal.SIGKILL
    recording.join()
    process = watching()
    try:
        events = handed_in(real_kafka, lambda found: len(stereo(found)) == CALLS)
    finally:
        process.terminate()
    assert process.wait(PATIENCE_S) == 0
    calls = stereo(events)
    assert len(calls) == CALLS
    assert len({event.call_id for event in events}) == CALLS
    for number, seconds in lengths.items():
        call = calls[f"20260701-12{number:02}00_555000{number:04}"]
        assert call.started_at is not None
        assert call.ended_at - call.started_at == pytest.approx(
            timedelta(seconds=seconds), abs=timedelta(seconds=0.001)
        )
    # handed in again after a kill, it is the same event; a mono twin that came first has a second one
    assert len({event.event_id for event in events}) <= 2 * CALLS


def stereo(events: Sequence[CallEnded]) -> dict[str, CallEnded]:
    """Return by call what names a stereo recording."""
    return {event.call_id: event for event in events if event.recording and "/S_" in event.recording.uris[0]}
