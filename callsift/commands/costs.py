"""What is said, and asked, before a hosted model is paid."""

import sys

import typer


def spent(tokens: int, cost: float | None, currency: str | None) -> str:
    """Say what was spent; ``cost`` None: no price is set, or there is nothing to pay."""
    return f"{tokens:,} tokens, cost: {_amount(tokens, cost, currency)}"


def estimate(tokens: int, cost: float | None, currency: str | None) -> str:
    """Say what is expected to be spent; likewise."""
    return f"about {tokens:,} tokens, estimated cost: {_amount(tokens, cost, currency)}"


def confirmed(question: str) -> bool:
    """Ask a yes or no question on the terminal.

    Raises:
        typer.BadParameter: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask on: add --yes or --dry-run")
    return typer.confirm(question, err=True)


def _amount(tokens: int, cost: float | None, currency: str | None) -> str:
    without_price = "no price is set" if tokens else "nothing"
    return without_price if cost is None else f"{cost:,.4f} {currency}"
