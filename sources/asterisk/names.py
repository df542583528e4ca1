"""Channels, numbers and MixMonitor's options, as Asterisk writes them. Pure."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

_NUMBER = re.compile(r"\+?\d{3,}")
_DIALLED = re.compile(r"(?:[\w.-]+/)?(\+?[\d*#]+)(?:@.*)?")
_CHANNEL = re.compile(r"[^/]+/(.+?)(?:-[0-9a-f]+(?:;[12])?)?")


class Legs(NamedTuple):
    """The files of both directions beside a mix."""

    received: str
    """What the recorded channel sent: option r."""
    sent: str
    """What it heard: option t."""


def number(text: str) -> str | None:
    """Return a telephone number; None: it is withheld, unknown or none."""
    return text if _NUMBER.fullmatch(text) else None


def dialled(text: str) -> str | None:
    """Return the number in a dial string: 2125550000@trunk, PJSIP/2125550000@trunk."""
    found = _DIALLED.fullmatch(text)
    return number(found[1]) if found else None


def is_local(channel: str) -> bool:
    """Tell whether a channel is only one of Asterisk's own halves, and nobody's telephone."""
    return channel.startswith("Local/")


def extension(channel: str) -> str | None:
    """Return whose a channel or an interface is: PJSIP/101-0000002a and PJSIP/101, Local/102@from-queue/n."""
    found = _CHANNEL.fullmatch(channel)
    return found[1].partition("@")[0].partition("/")[0] or None if found else None


def legs_of(data: str) -> tuple[str, Legs] | None:
    """Return the mix and both files that an application MixMonitor is started with; None: it writes no such files.

    They are as the dialplan names them: ``beside`` says where they lie.
    """
    mix, _, options = data.partition(",")
    found = dict(re.findall(r"([rt])\(([^)]*)\)", options))
    if found.keys() != {"r", "t"} or not all(found.values()):
        return None
    return mix, Legs(found["r"], found["t"])


def beside(path: str, mix: str, legs: Legs, folder: str) -> Legs | None:
    """Return where the files of both directions lie.

    Args:
        path: Where the mix is, as Asterisk says.
        mix: How the dialplan names it; where that is not the end of ``path``, the result is None.
        legs: How the dialplan names both files.
        folder: Where Asterisk puts what is named without a folder, if ``mix`` does not show it.
    """
    if not f"/{path}".endswith(f"/{mix.lstrip('/')}"):
        return None
    where = PurePosixPath(folder if mix.startswith("/") else path.removesuffix(mix))
    return Legs(*(str(where / name) for name in legs))


def legs_by_rule(mix: str, suffixes: tuple[str, str]) -> Legs:
    """Return both files by what is put behind the name of the mix: ("-r", "-t")."""
    path = PurePosixPath(mix)
    return Legs(*(str(path.with_name(f"{path.stem}{suffix}{path.suffix}")) for suffix in suffixes))
