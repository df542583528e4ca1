"""``callsift worker``: one process of one stage, of the retry mover, or of the monitor."""

from typing import Annotated

import typer

from callsift.worker import WORKERS, work

_NAMES = ", ".join(WORKERS)


def _known(name: str) -> str:
    if name not in WORKERS:
        raise typer.BadParameter(f"expected one of {_NAMES}")
    return name


def worker(name: Annotated[str, typer.Argument(help=f"One of {_NAMES}.", callback=_known)]) -> None:
    """Work on one stage, move what is due from the retry topics, or watch over all of it, until SIGTERM.

    The settings come from the environment (docs/settings.md).
    """
    work(name)
