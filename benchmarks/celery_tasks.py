"""The same job as the pipeline's, as most people would write it first: one Celery task for each call.

ffmpeg decodes, silero's own call finds the speech, Vosk writes it down, the project's offline classifier decides, a
store that speaks MongoDB's protocol keeps the outcome, and a Redis list tells subscribers.
"""

import json
import os
import subprocess
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
import vosk
from celery import Celery
from pymongo import MongoClient
from redis import Redis
from silero_vad import get_speech_timestamps, load_silero_vad

from agents.classify.offline.classifier import OfflineClassifier
from schemas import Speaker, Taxonomy, Turn

_RATE_HZ = 16_000
app = Celery("plain", broker=os.environ["PLAIN_REDIS"])


class _Tools(NamedTuple):
    find: Any
    model: vosk.Model
    classifier: OfflineClassifier


@cache
def _tools() -> _Tools:
    torch.set_num_threads(1)
    vosk.SetLogLevel(-1)
    model = vosk.Model(os.environ["PLAIN_VOSK_MODEL"])
    return _Tools(load_silero_vad(), model, OfflineClassifier(Taxonomy.load()))


@cache
def _connections() -> tuple[MongoClient[dict[str, Any]], Redis]:
    return MongoClient(os.environ["PLAIN_MONGO"]), Redis.from_url(os.environ["PLAIN_REDIS"])


@app.task(name="call", acks_late=True)  # type: ignore[untyped-decorator]
def call(call_id: str, path: str) -> None:
    """Turn one recording (two channels: customer, agent) into an outcome."""
    store, redis = _connections()
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-ar", str(_RATE_HZ), "-"]
    decoded = subprocess.run(command, check=True, capture_output=True)
    channels = np.frombuffer(decoded.stdout, dtype=np.float32).reshape(-1, 2).T
    customer, agent = channels
    turns = sorted([*_said("customer", customer), *_said("agent", agent)], key=lambda turn: turn.start_s)
    leaf = _tools().classifier.answer(turns).leaf
    outcome = {"call_id": call_id, "category": leaf.category, "turns": [turn.model_dump(mode="json") for turn in turns]}
    store["plain"]["calls"].replace_one({"_id": call_id}, outcome, upsert=True)
    redis.rpush("outcomes", json.dumps(outcome))


def _said(speaker: str, samples: "np.ndarray[Any, np.dtype[np.float32]]") -> list[Turn]:
    tools = _tools()
    contiguous = np.ascontiguousarray(samples)
    turns = []
    for span in get_speech_timestamps(torch.from_numpy(contiguous), tools.find, sampling_rate=_RATE_HZ):
        recogniser = vosk.KaldiRecognizer(tools.model, _RATE_HZ)
        recogniser.AcceptWaveform((contiguous[span["start"] : span["end"]] * 32767).astype(np.int16).tobytes())
        if text := json.loads(recogniser.FinalResult())["text"]:
            start_s, end_s = span["start"] / _RATE_HZ, span["end"] / _RATE_HZ
            turns.append(Turn(speaker=Speaker(speaker), text=text, start_s=start_s, end_s=end_s, confidence=1.0))
    return turns
