"""Ends a process in order when a certificate that it was started with is renewed: its clients keep the old one."""

import hashlib
import logging
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from streams.settings import KafkaSettings

logger = logging.getLogger(__name__)
_LOOK_S = 60.0
_SPREAD_S = 600.0
"""Workers of one group see the renewal at the same time; their ends, each a rebalance, are spread over so long."""


def end_when_renewed(
    kafka: KafkaSettings,
    *,
    look_s: float = _LOOK_S,
    spread_s: float = _SPREAD_S,
    end: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGTERM),
) -> None:
    """Watch the files that the settings name from a thread, and end the process as SIGTERM does when one is another.

    Whoever started the process starts it again: Kubernetes, compose, a supervisor.
    """
    files = [path for path in (kafka.ca_file, kafka.certificate_file, kafka.key_file) if path is not None]
    if files:
        watching = (files, _content(files), look_s, spread_s, end)
        threading.Thread(target=_watch, args=watching, name="renewal", daemon=True).start()


def _watch(
    files: list[Path], started_with: bytes | None, look_s: float, spread_s: float, end: Callable[[], None]
) -> None:
    before = started_with
    while True:
        time.sleep(look_s)
        content = _content(files)
        # Twice the same: whoever writes one file after the other has come to an end.
        if content is not None and content != started_with and content == before:
            break
        before = content
    wait_s = random.uniform(0, spread_s)  # noqa: S311 - nobody is to be kept from guessing it
    logger.warning("a certificate was renewed: this worker ends, to start with it", extra={"in_s": round(wait_s)})
    time.sleep(wait_s)
    end()


def _content(files: list[Path]) -> bytes | None:
    """Return a digest of what is in the files; None: one cannot be read, as while it is exchanged."""
    try:
        return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).digest()
    except OSError:
        return None
