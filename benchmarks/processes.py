"""What the system says of processes (Linux): their CPU time and their memory."""

from contextlib import suppress
from pathlib import Path

import psutil


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that descend from it, itself first."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def cpu_s(pid: int) -> float:
    """Return the user and system time that a process and its living descendants have taken, in seconds."""
    return sum(map(_own_cpu_s, family(pid)))


def peak_mb(process: psutil.Process) -> float:
    """Return the most memory that a process has had resident so far, in megabytes; psutil knows the present only."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def pss_mb(process: psutil.Process) -> float:
    """Return what a process has resident now, in megabytes, of shared pages its share (PSS); 0 if it has ended."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def switches(process: psutil.Process) -> int:
    """Return how often the threads of a process have waited for something so far: each is a wake-up later."""
    found = 0
    for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
        with suppress(OSError):  # the thread has ended meanwhile
            lines = status.read_text(encoding="utf-8").splitlines()
            found += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches:"))
    return found


def _own_cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return 0.0
    return times.user + times.system
