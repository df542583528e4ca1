"""``callsift worker``: one process of one stage, of the retry mover, of the monitor, of operations, or of webhooks."""

from typing import Annotated

import typer

from callsift.worker import ALL_WORKERS, work

_NAMES = ", ".join(ALL_WORKERS)


def _known(name: str) -> str:
    if name not in ALL_WORKERS:
        raise typer.BadParameter(f"expected one of {_NAMES}")
    return name


def worker(name: Annotated[str, typer.Argument(help=f"One of {_NAMES}.", callback=_known)]) -> None:
    """Work on one stage, move what is due to be retried, watch over all of it, do long work, or tell endpoints.

    It ends with SIGTERM. The settings come from the environment (docs/settings.md).
    """
    work(name)
