"""What a second child process gains, compared with two separate processes."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from agents.transcribe.agent import TranscribeAgent
from agents.transcribe.core import shared_out, spans_to_decode
from agents.transcribe.recognise import load_model, recognise
from agents.transcribe.settings import TranscribeSettings
from agents.transcribe.span import AudioSpan
from benchmarks.processes import cpu_s
from benchmarks.speech.audio import Call, Studio
from callsift.commands.progress import Steps

Jobs = tuple[Path, list[list[AudioSpan]]]
"""A file of prepared audio, and what of it is to be decoded."""


class Spent(NamedTuple):
    """What something took."""

    wall_s: float
    cpu_s: float
    """User and system time of this process and its children."""


class Independent:
    """A process that loads the model and decodes what it is told to, with nothing in common with others."""

    def __init__(self, model: Path) -> None:
        """Start it, with the speech model in the folder ``model``."""
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_decode_what_comes, args=(theirs, model), daemon=True)
        self._process.start()

    def begin(self, jobs: Jobs) -> None:
        """Let it decode."""
        self._ours.send(jobs)

    def wait(self) -> None:
        """Return when it has decoded."""
        self._ours.recv()

    async def stop(self) -> None:
        """End it."""
        self._process.terminate()
        await asyncio.to_thread(self._process.join)


async def measure(
    studio: Studio, calls: Sequence[Call], repeats: int, steps: Steps, *, one_call: bool, two_calls: bool
) -> dict[str, Any]:
    """Measure in turns, models loaded and children warm, and return the figures.

    Args:
        studio: Where the calls' audio is.
        calls: Two calls with the same amount of speech.
        repeats: How many turns.
        steps: Told of each turn.
        one_call: Whether to measure the wall time of one call on two processes.
        two_calls: Whether to measure the throughput of two calls at once on two processes.
    """
    turns: list[dict[str, Spent]] = []
    jobs = [(call.flac, shared_out(spans_to_decode(call.event), 1)) for call in calls]
    async with AsyncExitStack() as stack:
        single, double = _agent(studio, 1), _agent(studio, 2)
        for agent in (single, double):
            stack.push_async_callback(agent.stop)
            await agent.start()
        alone = [Independent(studio.model), Independent(studio.model)]
        for process in alone:
            stack.push_async_callback(process.stop)

        async def turn() -> dict[str, Spent]:
            found = {"independent_one": _together(alone[:1], jobs), "independent_two": _together(alone, jobs)}
            found["stage_one_process"] = await _transcribed(studio, single, calls[:1])
            if one_call:
                found["stage_two_processes"] = await _transcribed(studio, double, calls[:1])
            if two_calls:
                found["stage_two_calls"] = await _transcribed(studio, double, calls)
            return found

        await turn()  # everything is loaded and warm afterwards
        steps.done("every process is warm")
        for _ in range(repeats):
            turns.append(await turn())
            steps.done("on one and two processes: " + ", ".join(f"{own.wall_s:.2f} s" for own in turns[-1].values()))
    return _figures(turns) | {"call_s": round(calls[0].seconds, 1)}


def _agent(studio: Studio, processes: int) -> TranscribeAgent:
    return TranscribeAgent(TranscribeSettings(vosk_model=studio.model, processes=processes), studio.store)


async def _transcribed(studio: Studio, agent: TranscribeAgent, calls: Sequence[Call]) -> Spent:
    studio.forget_decoded()
    before = _clocks()
    await asyncio.gather(*(agent.work(call.event) for call in calls))
    return _since(before)


def _together(processes: Sequence[Independent], jobs: Sequence[Jobs]) -> Spent:
    before = _clocks()
    for process, own in zip(processes, jobs, strict=False):
        process.begin(own)
    for process in processes:
        process.wait()
    return _since(before)


def _clocks() -> Spent:
    return Spent(time.perf_counter(), cpu_s(os.getpid()))


def _since(before: Spent) -> Spent:
    now = _clocks()
    return Spent(now.wall_s - before.wall_s, now.cpu_s - before.cpu_s)


def _decode_what_comes(orders: Connection, model: Path) -> None:
    load_model(model)
    with suppress(EOFError):  # the benchmark has ended
        while True:
            flac, jobs = orders.recv()
            for job in jobs:
                recognise(flac, job, model)
            orders.send(None)


def _figures(turns: list[dict[str, Spent]]) -> dict[str, Any]:
    wall = {name: [turn[name].wall_s for turn in turns] for name in turns[0]}
    gains = [_gains({name: spent.wall_s for name, spent in turn.items()}) for turn in turns]
    best = _gains({name: min(own) for name, own in wall.items()})
    parts = [name for name in best if name != "independent"]
    return {
        "wall_s": {name: round(median(own), 3) for name, own in wall.items()},
        "cpu_s": {name: round(median(turn[name].cpu_s for turn in turns), 2) for name in wall},
        "gain": {name: round(median(gain[name] for gain in gains), 3) for name in best},
        "of_independent": {
            name: round(median(gain[name] / gain["independent"] for gain in gains), 3) for name in parts
        },
        # of the fastest turns, which other work on the machine disturbed least
        "best_wall_s": {name: round(min(own), 3) for name, own in wall.items()},
        "best_of_independent": {name: round(best[name] / best["independent"], 3) for name in parts},
    }


def _gains(wall_s: dict[str, float]) -> dict[str, float]:
    """Return how many times the work of one process was done in the same time."""
    gains = {"independent": 2 * wall_s["independent_one"] / wall_s["independent_two"]}
    for name, run, calls in (("one_call", "stage_two_processes", 1), ("two_calls", "stage_two_calls", 2)):
        if run in wall_s:
            gains[name] = calls * wall_s["stage_one_process"] / wall_s[run]
    return gains
