"""What the system says of processes (Linux): their children, their CPU time, their memory."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it, itself first; those that have ended are left out."""
    found = [pid]
    for member in found:
        for thread in _listed(Path(f"/proc/{member}/task")):
            found += map(int, _read(thread / "children").split())
    return found


def cpu_s(pid: int) -> float:
    """Return the user and system time that a process and its living descendants have taken, in seconds."""
    return sum(_own_cpu_s(member) for member in family(pid))


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has had resident so far, in megabytes."""
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _own_cpu_s(pid: int) -> float:
    if not (text := _read(Path(f"/proc/{pid}/stat"))):
        return 0.0
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _listed(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # it has ended meanwhile
        return ""
