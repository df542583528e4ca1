"""What the audio and transcribe stages compute for one demo call: ``python -m benchmarks.calls --against FOLDER``.

Without Kafka and without child processes: CPU time alone. A process with the stages of this checkout and one with those
of another take turns, each goes through all demo calls, and a ratio is the median of those within a turn. What both
made of the calls is compared: facts, figures, segments, words with their times, and every sample of the prepared audio.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile

from agents.audio.core import prepare, warm_up
from agents.audio.prepared import AudioOptions
from agents.transcribe.core import widened
from agents.transcribe.recognise import load_model, recognise
from agents.transcribe.span import AudioSpan
from callsift.demo_files import DEMO_MODEL, RECORDINGS
from callsift.demonstration import read_labels

_HERE = Path(__file__).resolve().parents[1]
_PARTS = ("audio", "transcribe")
_COMPARED = ("facts", "figures", "segments", "words")
_CONTEXT_S = 0.2

Turn = dict[str, float]
"""CPU milliseconds for each call, by part."""


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calls", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, help="folder of another checkout; default: this one alone")
    parser.add_argument("--turns", type=int, default=6, help="how often each goes through all calls; default 6")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _serve(options.serve)
        return
    checkouts = {"here": _HERE} | ({"against": options.against.resolve()} if options.against else {})
    with tempfile.TemporaryDirectory(prefix="callsift-benchmark-") as name, ExitStack() as stack:
        folders = {checkout: Path(name) / checkout for checkout in checkouts}
        processes = {
            checkout: stack.enter_context(_process(folder, folders[checkout])) for checkout, folder in checkouts.items()
        }
        turns = [{checkout: _turn(own) for checkout, own in processes.items()} for _ in range(options.turns + 1)][1:]
        figures: dict[str, Any] = {
            f"{checkout}_cpu_ms": {part: round(median(turn[checkout][part] for turn in turns), 1) for part in _PARTS}
            for checkout in checkouts
        }
        if options.against:
            ratios = {part: sorted(turn["here"][part] / turn["against"][part] for turn in turns) for part in _PARTS}
            figures["cpu_ratio"] = {
                part: {"least": round(own[0], 3), "median": round(median(own), 3), "most": round(own[-1], 3)}
                for part, own in ratios.items()
            }
            figures["the_same"] = _compared(*folders.values())
    print(json.dumps(figures))


def _process(checkout: Path, folder: Path) -> "subprocess.Popen[str]":
    """Start this program with the modules of a checkout."""
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, "-P", __file__, "--serve", str(folder)],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _turn(process: "subprocess.Popen[str]") -> Turn:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
    answer: Turn = json.loads(process.stdout.readline())
    return answer


def _serve(folder: Path) -> None:
    """For each line of stdin go through all demo calls, leave in ``folder`` what came of it, and say the times."""
    warm_up()
    load_model(DEMO_MODEL)
    calls = read_labels()
    for _ in sys.stdin:
        spent = [_one(call.name, call.recording, folder) for call in calls]
        print(json.dumps({part: sum(own[part] for own in spent) / len(calls) for part in _PARTS}), flush=True)


def _one(name: str, recording: Any, folder: Path) -> Turn:
    flac = folder / f"{name}.flac"
    options = AudioOptions(channels=None, threshold=0.5, min_silence_s=0.3)
    began_s = time.process_time()
    prepared = prepare(recording, {uri: RECORDINGS / uri for uri in recording.uris}, flac, options)
    prepared_s = time.process_time()
    spans = [
        AudioSpan(channel, start_s, end_s)
        for channel, speaker in enumerate(prepared.speakers)
        for start_s, end_s in widened(prepared.speech[speaker], _CONTEXT_S, prepared.recording_facts.duration_s)
    ]
    words = recognise(flac, sorted(spans, key=lambda span: span.start_s), DEMO_MODEL)
    heard_s = time.process_time()
    made = {
        "facts": prepared.recording_facts.model_dump(mode="json"),
        "figures": prepared.figures.model_dump(mode="json"),
        "segments": {who: [(one.start_s, one.end_s) for one in own] for who, own in prepared.speech.items()},
        "words": [word.model_dump(mode="json") for word in chain.from_iterable(words)],
    }
    flac.with_suffix(".json").write_text(json.dumps(made), encoding="utf-8")
    return {"audio": (prepared_s - began_s) * 1e3, "transcribe": (heard_s - prepared_s) * 1e3}


def _compared(ours: Path, theirs: Path) -> dict[str, Any]:
    """Say of how many calls both made the same, and how many samples differ by how much at most."""
    same = dict.fromkeys(_COMPARED, 0)
    calls = samples = others = most = 0
    for flac in ours.glob("*.flac"):
        calls += 1
        made, other = (
            json.loads((folder / flac.name).with_suffix(".json").read_text(encoding="utf-8"))
            for folder in (ours, theirs)
        )
        for what in _COMPARED:
            same[what] += made[what] == other[what]
        heard, other_heard = (
            soundfile.read(folder / flac.name, dtype="int16", always_2d=True)[0].astype(int)
            for folder in (ours, theirs)
        )
        differences = np.abs(heard - other_heard)
        samples += differences.size
        others += int(np.count_nonzero(differences))
        most = max(most, int(differences.max(initial=0)))
    return {"calls": calls, **same, "samples": samples, "samples_that_differ": others, "by_at_most": most}


if __name__ == "__main__":
    main()
