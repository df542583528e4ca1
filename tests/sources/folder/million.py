"""How a folder of very many recordings is watched: ``python -m tests.sources.folder.million [count]``.

Prints what CPU time a look takes and how much memory the process has: with all of them older than the source, with all
of them handed in (the brokers answer at once: they are not what is measured), and with all of them taken.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import KafkaError

from sources.folder.ledger import Ledger
from sources.folder.settings import FolderSource
from sources.folder.watcher import Watcher
from sources.intake import Intake
from streams.kafka import OutgoingMessage
from tests.sources.folder.test_watcher import LONG_AGO, Brokers
from tests.sources.folder.test_wav import written


class Counting(Brokers):
    """Brokers that only count."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    async def publish(self, messages: Sequence[OutgoingMessage]) -> list[KafkaError | None]:
        self.count += len(messages)
        return [None for _ in messages]


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(root: Path, count: int) -> None:
    folder, first = root / "recordings", written(0.1)
    original = root / "original.wav"
    original.write_bytes(first)
    for number in range(count):
        day = folder / f"2025/{1 + number % 12:02}/{1 + number // 12 % 28:02}"
        if number < 12 * 28:
            day.mkdir(parents=True)
        at = 1_735_700_000 + number
        name = f"q-600-0532{number:07}-2025{1 + number % 12:02}01-120000-{at}.{number}.wav"
        if number % 50_000 == 0:  # a file system has a limit of links
            original = root / f"original-{number}.wav"
            original.write_bytes(first)
        (day / name).hardlink_to(original)
    print(f"{count} files; {megabytes():.0f} MB")
    settings = FolderSource(path=str(folder), preset="freepbx", settle_s=1e-6)
    ledger, brokers = Ledger(root / "folder.sqlite"), Counting()
    intake = Intake(brokers)
    began = time.process_time()
    await Watcher("folder", settings, ledger, datetime.now(UTC)).work(intake)
    print(f"all older: a look takes {time.process_time() - began:.1f} s of CPU; {megabytes():.0f} MB")
    watcher, began = Watcher("folder", settings, ledger, LONG_AGO), time.process_time()
    while brokers.count < count:
        await watcher.work(intake)
    print(f"all handed in: {time.process_time() - began:.1f} s of CPU; {megabytes():.0f} MB")
    began = time.process_time()
    await watcher.work(intake)
    size = (root / "folder.sqlite").stat().st_size / 1e6
    seconds = time.process_time() - began
    print(f"all taken: a look takes {seconds:.1f} s of CPU; {megabytes():.0f} MB; {size:.0f} MB on disk")
    ledger.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as here:
        asyncio.run(measure(Path(here), int((sys.argv[1:] or ["1000000"])[0])))
