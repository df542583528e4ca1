"""What the child processes of a stage cost: the first, each further one, and one in the place of a killed one (Linux).

``python -m benchmarks.children audio`` or ``transcribe``, which has the demo's speech model.
"""

import argparse
import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median

import psutil

from streams.pool import NativePool

# Not imported from callsift: every child imports this module again.
_MODEL = Path(__file__).parents[1] / "demo" / "speech_model" / "model"
_KILLS = 9
_TOGETHER_S = 0.5
"""How long a child is busy, so that the next task needs another one."""


async def measure(stage: str, processes: int) -> dict[str, float]:
    """Return the figures of one pool."""
    child = import_module(f"agents.{stage}.child")
    load: Callable[[], None] = child.load if stage == "audio" else partial(child.load, _MODEL)
    began_s = time.monotonic()
    pool = NativePool(processes=processes, time_limit_s=60, memory_limit_mb=0, initializer=load, modules=child.MODULES)
    server = psutil.Process(await pool.run(os.getppid))
    found = {"first_s": time.monotonic() - began_s}
    pids = await asyncio.gather(*(pool.run(_busy) for _ in range(processes)))
    children = [psutil.Process(pid) for pid in set(pids)]
    found["server_cpu_s"] = _cpu_s(server)
    found["child_cpu_s"] = median(map(_cpu_s, children))
    found["server_pss_mb"] = _pss_mb(server)
    found["child_pss_mb"] = median(map(_pss_mb, children))
    found["all_pss_mb"] = sum(map(_pss_mb, [*psutil.Process().children(), *children]))
    found["back_s"] = median([await _back_s(pool) for _ in range(_KILLS)])
    await pool.close()
    return {name: round(value, 3) for name, value in found.items()}


async def _back_s(pool: NativePool) -> float:
    """Return the seconds from the end of a child that was killed until another one has answered in its place."""
    pid = await pool.run(os.getpid)
    os.kill(pid, signal.SIGKILL)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait()
    began_s = time.monotonic()
    await pool.run(os.getpid)
    return time.monotonic() - began_s


def _busy() -> int:
    time.sleep(_TOGETHER_S)
    return os.getpid()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _pss_mb(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 2**20


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["audio", "transcribe"])
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    for name, value in asyncio.run(measure(wanted.stage, wanted.processes)).items():
        print(f"{name:<14} {value:.3f}")


if __name__ == "__main__":
    main()
