"""Records where the processes of a command connect to, native code included, by strace."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

_ADDRESS = re.compile(
    r"sin6?_port=htons\((?P<port>\d+)\),.*?"
    r'(?:inet_addr\("(?P<v4>[^"]+)"\)|inet_pton\(AF_INET6, "(?P<v6>[^"]+)")'
)
_CALLS = "connect,sendto,sendmsg,sendmmsg"


class Destination(NamedTuple):
    """Where something was sent or connected to; port 53 is a look-up of a name."""

    host: str
    port: int


def recording(into: Path) -> list[str]:
    """Return what to put before a command so that all its processes are recorded; skips where that cannot be."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("there is no strace to record connections with: apt-get install strace")
    command = [strace, "-D", "-f", "-qq", "--seccomp-bpf", "-s", "120", "-e", f"trace={_CALLS}", "-o", str(into)]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, timeout=30, check=False)
    if tried.returncode != 0:
        pytest.skip(f"processes cannot be recorded here: {tried.stderr.strip()[-200:]}")
    return command


def destinations(recorded: Path) -> dict[Destination, str]:
    """Return where anything went, each with the first line that says so."""
    found: dict[Destination, str] = {}
    for line in recorded.read_text(errors="replace").splitlines():
        for match in _ADDRESS.finditer(line):
            found.setdefault(Destination(match["v4"] or match["v6"], int(match["port"])), line)
    return found
