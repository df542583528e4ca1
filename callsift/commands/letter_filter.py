"""The options of ``callsift dlq`` that choose dead letters."""

import inspect
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Annotated, Any

import typer

from callsift.moments import when
from streams.dead_letters.listing import LetterFilter
from streams.topics import STAGES


def _stage(name: str | None) -> str | None:
    if name is not None and name not in STAGES:
        raise typer.BadParameter(f"expected one of {', '.join(STAGES)}")
    return name


def _chosen(
    stage: Annotated[
        str | None, typer.Option(help=f"Given up by this stage: {', '.join(STAGES)}.", callback=_stage)
    ] = None,
    error_type: Annotated[str | None, typer.Option(help="With this error, for example RecordingGone.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(parser=when, help="Given up since: 2026-11-22T09:00+03:00, or 2h or 3d (ago)."),
    ] = None,
    until: Annotated[datetime | None, typer.Option(parser=when, help="Given up before: as --since.")] = None,
    call: Annotated[str | None, typer.Option(help="Of the call with this identifier.")] = None,
) -> LetterFilter:
    return LetterFilter(stage, error_type, since, until, call)


def takes_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options in place of its first parameter, which gets the filter made of them."""
    signature, shared = inspect.signature(command), inspect.signature(_chosen).parameters
    [_, *own] = signature.parameters.values()

    @wraps(command)
    def with_options(**values: Any) -> None:
        command(_chosen(**{name: values.pop(name) for name in shared}), **values)

    parameters = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in (*shared.values(), *own)]
    # Typer reads a command's options from both.
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return with_options
