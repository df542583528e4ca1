"""What real Asterisks (22.10.1 and 16.28.0, Debian) said while telephones rang, with the times at which it came.

The telephones were real SIP and RTP from Python; each trace is one scenario. NN-name.ami.gz holds the bytes of all its
connections, NN-name.times.jsonl.gz where each piece of them begins and when it came.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "traces"
BEGAN = 1_795_792_900.0
"""The moment that the traces' times are counted from, here."""
TRUNKS = ("PJSIP/trunk-",)


def connections(name: str) -> list[list[tuple[float, bytes]]]:
    """Return the pieces of each connection, with when they came."""
    raw = gzip.decompress((FOLDER / f"{name}.ami.gz").read_bytes())
    found: list[list[tuple[float, bytes]]] = []
    for line in gzip.decompress((FOLDER / f"{name}.times.jsonl.gz").read_bytes()).splitlines():
        note = json.loads(line)
        if note.get("mark") == "connected":
            found.append([])
        elif "at" in note:
            found[-1].append((BEGAN + note["t"], raw[note["at"] : note["at"] + note["n"]]))
    return found


def names() -> Iterator[str]:
    """Yield the names of all traces."""
    return (path.name.removesuffix(".ami.gz") for path in sorted(FOLDER.glob("*.ami.gz")))
