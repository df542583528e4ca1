"""What is said, and asked, before a hosted model is paid."""

import sys

import typer


def spent(tokens: int, cost: float | None, currency: str | None) -> str:
    """Say what tokens cost; ``cost`` None: no price is set, or there is nothing to pay."""
    without_price = "no price is set" if tokens else "nothing"
    return f"{tokens:,} tokens, cost: {without_price if cost is None else f'{cost:,.4f} {currency}'}"


def estimate(tokens: int, cost: float | None, currency: str | None) -> str:
    """Say what is expected to be spent."""
    return f"about {spent(tokens, cost, currency).replace('cost', 'estimated cost')}"


def confirmed(question: str) -> bool:
    """Ask a yes or no question on the terminal.

    Raises:
        typer.BadParameter: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask on: add --yes or --dry-run")
    return typer.confirm(question, err=True)
