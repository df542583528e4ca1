"""Kafka, MongoDB and a speech model for a trial: those that the environment names, or some of this machine."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from callsift.demo_files import DEMO_MODEL
from callsift.embedded import EmbeddedStore
from deploy.laptop.kafka import Cluster
from streams.kafka.topic_admin import create_topics
from streams.settings import KafkaSettings

DEMO, WIDE_BEAM = "demo", "wide-beam"


@dataclass(frozen=True)
class Services:
    """Where the pods of a trial find what they need."""

    kafka: KafkaSettings
    mongo_uri: str
    audio: Path
    """Folder of the audio store that pods on fake nodes use."""
    models: Path
    """Folder of speech models."""


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    """Run what CALLSIFT_KAFKA_… and CALLSIFT_MONGO_URI do not name, with all topics and with its data in a folder.

    Raises:
        CallsiftError: Something does not start.
    """
    with ExitStack() as stack:
        kafka = KafkaSettings.read()
        if "bootstrap_servers" not in kafka.model_fields_set:
            brokers = stack.enter_context(Cluster(folder / "kafka"))
            kafka = kafka.model_copy(update={"bootstrap_servers": brokers.bootstrap_servers})
        create_topics(kafka)
        if not (mongo_uri := os.environ.get("CALLSIFT_MONGO_URI", "")):
            store = EmbeddedStore(folder / "store")
            stack.callback(store.stop)
            mongo_uri = store.uri
        audio = folder / "audio"
        audio.mkdir()
        models = wide_beam(folder / "models")
        shutil.copytree(DEMO_MODEL, models / DEMO)
        yield Services(kafka, mongo_uri, audio, models)


def wide_beam(folder: Path, beam: float = 40.0) -> Path:
    """Put the demo model into a folder of models, searched with a wider beam: the same words, four times the work.

    The demo model knows so few words that a call costs less to transcribe than to fetch and cut up: nothing would ever
    wait for the transcribe stage.
    """
    model = folder / WIDE_BEAM
    shutil.copytree(DEMO_MODEL, model)
    conf = model / "conf" / "model.conf"
    text = re.sub(r"--beam=.*", f"--beam={beam}", conf.read_text(encoding="utf-8"))
    text = re.sub(r"--lattice-beam=.*", "--lattice-beam=12", re.sub(r"--max-active=.*", "--max-active=50000", text))
    conf.write_text(text, encoding="utf-8")
    return folder
