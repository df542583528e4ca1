"""Which index set-up takes torch from: PyTorch's own CPU builds where these can be had, else PyPI's.

The Makefile runs it when nothing but uv is installed. It prints the index to prefer, or an empty line for PyPI, and
says on stderr in one line which it is and how much comes from there.
"""

import http.client
import subprocess
import sys
import threading
import tomllib
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
LIMIT_S = 3.0
"""Seconds that an index has to begin its answer in."""
_RESOLVE_LIMIT_S = 60.0
_PINS = Path(__file__).parents[2] / "requirements" / "torch.txt"

Wheels = list[dict[str, Any]]
"""As in pylock.toml: each has a ``url``, and a ``size`` in bytes if its index says so."""


def main() -> None:
    """Choose, say so, print the index to prefer."""
    index, said = choose(CPU_BUILDS)
    print(said, file=sys.stderr)
    print(index)


def choose(cpu_builds: str, *, platform: str = sys.platform, limit_s: float = LIMIT_S) -> tuple[str, str]:
    """Return the index to prefer for torch, "" for PyPI, and the line that says so."""
    if platform != "linux":  # PyPI's builds for everything else are for the CPU
        return "", f"torch: PyPI's builds for the CPU, {_size(_wheels())} to fetch at most"
    why = f"{cpu_builds} did not answer within {limit_s:g} seconds"
    if answers(cpu_builds, limit_s):
        if wheels := _wheels(cpu_builds):
            return cpu_builds, f"torch: builds for the CPU from {cpu_builds}, {_size(wheels)} to fetch at most"
        why = f"{cpu_builds} has none that fit"
    return "", f"torch: PyPI's builds, which bring CUDA, {_size(_wheels())} to fetch at most: {why}"


def answers(index: str, limit_s: float) -> bool:
    """Whether an index begins to list torch's files in time.

    In a thread of its own, which is left behind: looking up a name and speaking to a proxy know no such limit.
    """
    answered = threading.Event()

    def ask() -> None:
        with (
            suppress(OSError, http.client.HTTPException),
            urllib.request.urlopen(f"{index}/torch/", timeout=limit_s),
        ):
            answered.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(limit_s)
    return answered.is_set()


def _wheels(index: str | None = None) -> Wheels:
    """Return what uv would install here from an index, or from PyPI with what torch pulls in; none if nothing fits."""
    command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "-q", "--python", sys.executable, "--no-deps"]
    options = ["--only-binary", ":all:", "--no-header", "--format", "pylock.toml"]
    wanted = ["--index", index, "-c", str(_PINS), "-"] if index else [str(_PINS)]
    try:
        answer = subprocess.run(
            [*command, *options, *wanted],
            input="torch\ntorchaudio\n",
            capture_output=True,
            text=True,
            timeout=_RESOLVE_LIMIT_S,
            check=True,
        )
    except subprocess.SubprocessError:
        return []
    return [wheel for package in tomllib.loads(answer.stdout)["packages"] for wheel in package["wheels"]]


def _size(wheels: Wheels) -> str:
    """Return the size of some wheels in words, asking for that of each whose index does not say it."""
    try:
        size = sum(wheel.get("size") or _content_length(wheel["url"]) for wheel in wheels)
    except (OSError, http.client.HTTPException, TypeError):
        size = 0
    return f"{size / 1e6:.0f} MB" if size else "an unknown number of MB"


def _content_length(address: str) -> int:
    question = urllib.request.Request(address, method="HEAD")
    with urllib.request.urlopen(question, timeout=LIMIT_S) as answer:
        return int(answer.headers["Content-Length"])


if __name__ == "__main__":
    main()
