"""What recognition costs: the transcribe stage, which decodes speech alone, against decoding both channels whole."""

import json
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import jiwer
import soundfile
import vosk

from agents.audio.resample import SAMPLE_RATE_HZ
from agents.transcribe.agent import TranscribeAgent
from agents.transcribe.core import spans_to_decode
from agents.transcribe.recognise import load_model, recognise
from agents.transcribe.settings import TranscribeSettings
from agents.transcribe.span import AudioSpan
from benchmarks.processes import cpu_s
from benchmarks.speech.audio import Call, Studio, talk_ratio
from callsift.commands.progress import Steps
from schemas import SIDES, Speaker

Heard = dict[Speaker, list[str]]
_AT_ONCE = -1
BLOCKS = {"naive": _AT_ONCE, "naive_in_blocks": 4000}
"""Samples that the naive ways feed at a time; 4000 as in Vosk's own examples."""


async def measure(studio: Studio, call: Call, repeats: int, steps: Steps) -> dict[str, Any]:
    """Transcribe a call in every way, in turns, and return the figures."""
    settings = TranscribeSettings(vosk_model=studio.model)
    agent = TranscribeAgent(settings, studio.store)
    load_model(studio.model)
    spent: dict[str, list[float]] = {way: [] for way in ("stage", *BLOCKS)}
    heard: dict[str, Heard] = {}
    try:
        await agent.start()
        for _ in range(repeats):
            studio.forget_decoded()
            began_s = cpu_s(os.getpid())
            await agent.work(call.event)
            spent["stage"].append(cpu_s(os.getpid()) - began_s)
            steps.done(f"transcribed, speech alone: {spent['stage'][-1]:.2f} s of CPU")
            for way, block in BLOCKS.items():
                heard[way] = _timed(partial(_naive, studio.model, call, block), spent[way])
                steps.done(f"transcribed, {way.replace('_', ' ')}: {spent[way][-1]:.2f} s of CPU")
    finally:
        await agent.stop()
    spans = spans_to_decode(call.event)
    heard["stage"] = _before_redaction(studio.model, call, spans)
    decoded_s = sum(span.seconds for span in spans)
    channel_s = call.seconds * len(SIDES)
    return {
        "call_s": round(call.seconds, 1),
        "talk_ratio": {str(side): round(talk_ratio(call.event.speech[side], call.seconds), 3) for side in SIDES},
        "decoded_share": round(decoded_s / channel_s, 3),
        "spans": len(spans),
        "words": sum(map(len, call.said.values())),
        "cpu_s": {way: round(median(own), 2) for way, own in spent.items()},
        "cpu_ratio": {way: _ratio(spent["stage"], spent[way]) for way in BLOCKS},
        "word_error_rate": {way: round(_word_error_rate(call, own), 5) for way, own in heard.items()},
        "stage_cpu_s_per_call_s": round(median(spent["stage"]) / call.seconds, 5),
        "stage_cpu_s_per_decoded_s": round(median(spent["stage"]) / decoded_s, 5),
    }


def _timed(transcribe: Callable[[], Heard], spent: list[float]) -> Heard:
    began_s = time.process_time()
    heard = transcribe()
    spent.append(time.process_time() - began_s)
    return heard


def _before_redaction(model: Path, call: Call, spans: Sequence[AudioSpan]) -> Heard:
    """Return what the stage recognises; what it publishes has placeholders in it."""
    heard: Heard = {side: [] for side in SIDES}
    for span, words in zip(spans, recognise(call.flac, spans, model), strict=True):
        heard[SIDES[span.channel]] += [word.text for word in words]
    return heard


def _naive(model: Path, call: Call, block: int) -> Heard:
    """Feed each side's whole channel to a recogniser of its own, so many samples at a time."""
    heard: Heard = {side: [] for side in SIDES}
    recognisers = {}
    for side in SIDES:
        recognisers[side] = vosk.KaldiRecognizer(load_model(model), SAMPLE_RATE_HZ)
        recognisers[side].SetWords(True)
    with soundfile.SoundFile(call.flac) as audio:
        size = audio.frames if block == _AT_ONCE else block
        for samples in audio.blocks(size, dtype="int16", always_2d=True):
            for side, channel in zip(SIDES, samples.T, strict=True):
                if recognisers[side].AcceptWaveform(channel.tobytes()):
                    heard[side] += json.loads(recognisers[side].Result())["text"].split()
    for side in SIDES:
        heard[side] += json.loads(recognisers[side].FinalResult())["text"].split()
    return heard


def _word_error_rate(call: Call, heard: Heard) -> float:
    said = [" ".join(call.said[side]) for side in SIDES]
    return float(jiwer.wer(said, [" ".join(heard[side]) for side in SIDES]))


def _ratio(stage: list[float], naive: list[float]) -> float:
    return round(median(ours / theirs for ours, theirs in zip(stage, naive, strict=True)), 3)
