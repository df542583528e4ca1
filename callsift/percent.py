"""Shares as people read them."""


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share (0 to 1); a dash for none."""
    return "–" if value is None else f"{value:.{digits}%}"


def percents(bounds: tuple[float, float] | None, digits: int = 1) -> str:
    """Write the bounds of a share; nothing for none."""
    return "" if bounds is None else f"{bounds[0]:.{digits}%}–{bounds[1]:.{digits}%}"
