"""What the Dockerfile says of its images, so that trial and tests keep no list of their own."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

DOCKERFILE = Path(__file__).parents[2] / "deploy" / "docker" / "Dockerfile"
TOOLS_COMMAND = ("--help",)
"""What the tools' image is told; every other image runs until it is ended."""


@dataclass(frozen=True)
class Image:
    """One target of the Dockerfile."""

    name: str
    builds_from: str
    """The build stage that its virtual environment comes from."""
    extras: str
    """Extras of pyproject.toml, separated by commas, or "none"."""
    has_drivers: bool
    """Whether the audio store's drivers are in it."""
    command: tuple[str, ...]
    """What ``callsift`` is told unless somebody says otherwise."""


def images() -> list[Image]:
    """Return every target that is to be run, in the Dockerfile's order."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    installed = {
        stage.split()[2]: found
        for stage in stages
        if (found := re.search(r"install\.sh /opt/callsift (\S+)(.*)", stage))
    }
    return [
        Image(
            name=stage.split()[2],
            builds_from=source[1],
            extras=installed[source[1]][1],
            has_drivers="STORE_DRIVERS" in installed[source[1]][2],
            command=tuple(json.loads(command[1])),
        )
        for stage in stages
        if (source := re.search(r"^COPY --from=(\S+) /opt/callsift ", stage, re.MULTILINE))
        and (command := re.search(r"^CMD (\[.*\])$", stage, re.MULTILINE))
    ]


def argument(name: str) -> str:
    """Return the default of a build argument."""
    found = re.search(rf"^ARG {name}=(\S+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, name
    return found[1]
