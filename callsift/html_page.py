"""Pages that are one file and work without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callsift.percent import percent, percents


def html_page(template: Path, filters: dict[str, Callable[..., Any]] | None = None, **values: Any) -> str:
    """Fill a template; what is missing is an error, and every value is escaped.

    Args:
        template: The template's file.
        filters: Those that it uses besides ``percent`` and ``percents``.
        values: What it shows, by name.
    """
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "percents": percents, **(filters or {})}
    return environment.get_template(template.name).render(**values)
