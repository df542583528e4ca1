"""``callsift worker``: one process of one stage."""

from typing import Annotated

import typer

from streams.catalogue import STAGES


def _known(stage: str) -> str:
    if stage not in STAGES:
        raise typer.BadParameter(f"expected one of {', '.join(STAGES)}")
    return stage


def worker(
    stage: Annotated[str, typer.Argument(help=f"One of {', '.join(STAGES)}.", callback=_known)],
) -> None:
    """Work on one stage until SIGTERM; its settings come from the environment (docs/settings.md)."""
    from callsift.worker import work  # noqa: PLC0415 - Faust takes a second to import

    work(stage)
