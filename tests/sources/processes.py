"""Processes of ``callsift source`` that the tests start and kill, and what they hand in."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from schemas import CallEnded
from streams.kafka import TopicReader
from streams.settings import KafkaSettings
from streams.topics import ENDED
from tests.patience import PATIENCE_S


def variables(kafka: KafkaSettings, root: Path, sources: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of a process that has these sources, and keeps its state in ``root/home/sources``."""
    file = root / "sources.yaml"
    file.write_text(json.dumps(sources), encoding="utf-8")
    return {
        **os.environ,
        "CALLSIFT_HOME": str(root / "home"),
        "CALLSIFT_HTTP_PORT": "127.0.0.1:0",
        "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "CALLSIFT_KAFKA_PREFIX": kafka.prefix,
        "CALLSIFT_AUDIO_STORE_URI": (root / "audio").as_uri(),
        "CALLSIFT_SOURCES_FILE": str(file),
    }


def source(environment: Mapping[str, str], *arguments: str, log: IO[bytes] | None = None) -> "subprocess.Popen[bytes]":
    """Start ``callsift source`` with these arguments."""
    command = [sys.executable, "-m", "callsift", "source", *arguments]
    return subprocess.Popen(command, env=environment, stderr=log)


def handed_in(kafka: KafkaSettings, enough: Callable[[Sequence[CallEnded]], bool]) -> list[CallEnded]:
    """Wait until there are enough calls, or patience ends; return all that were handed in, those twice as well."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        reader = TopicReader(kafka, ENDED.name, from_start=True)
        found = [CallEnded.model_validate_json(value) for value in reader.up_to_now()]
        reader.close()
        if enough(found) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)
