"""What the speech stages cost: ``python -m benchmarks.speech --json``.

On calls made from the demo recordings, in a temporary folder, with the code of the stages as it is, it measures

- vad: the CPU time of voice activity detection as the audio stage does it, against silero-vad's default call and its
  per-frame ONNX model, which must give the same segments;
- naive: the CPU time of the transcribe stage, which decodes speech alone, against both channels decoded whole, on a
  call in which each side talks for about half of the time, and the word error rate of both;
- one_call: the wall time of one call on two child processes against one;
- two_calls: the throughput of two calls at once on two child processes against one; both as a share of what two
  processes gain that have nothing in common;
- memory: the peak resident memory of each stage's worker, idle and working;
- load: the seconds from each worker's start until it is ready.

What is compared takes turns, and each ratio is the median over the turns. Needs Linux, takes about eight minutes. Other
work on the machine spoils the figures.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.speech import scaling, transcription, vad, workers
from benchmarks.speech.audio import LENGTH_S, Studio, half_each, joined, repeated
from benchmarks.speech.report import print_tables
from callsift.commands.progress import Steps, shown
from callsift.demo_files import DEMO_MODEL
from deploy.laptop.folders import kept_or_temporary
from streams.errors import CallsiftError
from streams.topics import STAGES

PARTS = ("vad", "naive", "one_call", "two_calls", "memory", "load")


async def measure(parts: list[str], repeats: int, folder: Path, model: Path, steps: Steps) -> dict[str, Any]:
    """Measure the parts and return the figures."""
    began_s, load_before = time.monotonic(), os.getloadavg()[0]
    figures: dict[str, Any] = {"ratios": {}}
    studio = Studio(folder, model)
    calls = studio.demo_calls()
    steps.done(f"{len(calls)} demo calls are prepared")
    if "vad" in parts:
        plain = studio.call("plain", joined(repeated([recorded for recorded, _ in calls], LENGTH_S)))
        figures["vad"] = vad.measure(plain.flac, repeats, steps)
        figures["ratios"]["vad_speedup_vs_default"] = figures["vad"]["cpu_speedup"]["default"]
    first, second = half_each(calls)
    call = studio.call("half-each", first)
    figures["audio_stage_cpu_s_per_call_s"] = round(call.preparing_cpu_s / call.seconds, 5)
    if "naive" in parts:
        figures["transcription"] = await transcription.measure(studio, call, repeats, steps)
        figures["ratios"]["transcribe_cpu_vs_naive"] = figures["transcription"]["cpu_ratio"]["naive"]
    if scaled := [part for part in ("one_call", "two_calls") if part in parts]:
        pair = [call, studio.call("half-each-too", second)]
        figures["scaling"] = await scaling.measure(
            studio, pair, repeats, steps, one_call="one_call" in parts, two_calls="two_calls" in parts
        )
        for part in scaled:
            figures["ratios"][f"{part}_speedup_vs_two_processes"] = figures["scaling"]["of_independent"][part]
    if "memory" in parts:
        figures["memory"] = workers.measure_memory(folder / "memory", model, call, steps)
    if "load" in parts:
        figures["load"] = workers.measure_load(folder / "load", model, steps)
    loads = [round(load_before, 2), round(os.getloadavg()[0], 2)]
    machine = {"cores": os.cpu_count(), "load_average_before_and_after": loads}
    return figures | {"machine": machine, "repeats": repeats, "seconds": round(time.monotonic() - began_s, 1)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speech", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"what to measure; default {','.join(PARTS)}")
    parser.add_argument("--repeats", type=int, default=5, help="turns of what is compared; default 5")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL, help="folder of a Vosk model; default: the demo's")
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    arguments.model = arguments.model.absolute()
    parts = arguments.parts.split(",")
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"--parts: {', '.join(unknown)}: expected some of {', '.join(PARTS)}")
    if arguments.repeats < 1:
        parser.error("--repeats: expected at least 1")
    for variable in [name for name in os.environ if name.startswith("CALLSIFT_")]:
        del os.environ[variable]  # the same settings everywhere: the defaults
    try:
        with (
            kept_or_temporary(arguments.keep, "callsift-benchmark-") as folder,
            shown(_steps(parts, arguments.repeats)) as steps,
        ):
            figures = asyncio.run(measure(parts, arguments.repeats, folder, arguments.model, steps))
    except CallsiftError as error:
        sys.exit(f"error: {error}")
    if arguments.json:
        print(json.dumps(figures))
    else:
        print_tables(figures)


def _steps(parts: list[str], repeats: int) -> int:
    turns = {
        "vad": repeats * len(vad.WAYS),
        "naive": repeats * (1 + len(transcription.BLOCKS)),
        "memory": 2,
        "load": len(STAGES) * workers.STARTS,
    }
    scaled = 1 + repeats if {"one_call", "two_calls"} & set(parts) else 0
    return 1 + scaled + sum(turns.get(part, 0) for part in parts)


if __name__ == "__main__":
    main()
