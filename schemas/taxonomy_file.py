"""Reading taxonomy.yaml: whatever is wrong is told with its line, its field and the rule."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.from_outside import composed

FILE = "taxonomy.yaml"
ROUTES = "taxonomies.yaml"
"""The file that a folder has instead where its folders hold several."""
_ModelT = TypeVar("_ModelT", bound=BaseModel)
_MOST = 5
"""Mistakes that are told at once; the others are mostly the same."""


class InvalidTaxonomy(ValueError):
    """A file is no taxonomy."""


def read_yaml(path: Path, model: type[_ModelT]) -> _ModelT:
    """Read a YAML file as a model.

    Raises:
        InvalidTaxonomy: There is no such file, it is no YAML, or breaks a rule; the message names file, line, field
            and rule.
    """
    import yaml  # noqa: PLC0415 - 3 MB, and half of the workers load no taxonomy

    try:
        text = composed(path.read_text(encoding="utf-8"))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InvalidTaxonomy(f"{path}{line} is no YAML: {error.problem}") from None
    except OSError as error:
        raise InvalidTaxonomy(f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidTaxonomy(f"{path} is no YAML: {type(error).__name__}") from None
    if twice := next(_named_twice(node), None):
        raise InvalidTaxonomy(f"{path} line {twice[0]}: {twice[1]} is there twice; keep one")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InvalidTaxonomy(f"{path} {'; '.join(_told(node, one) for one in error.errors()[:_MOST])}") from None


def _told(node: Any, error: Any) -> str:
    """Return one mistake: its line, its field as the file has it, and the rule."""
    place = tuple(error["loc"])
    field = ".".join(map(str, place)) or "the whole"
    return f"line {_line(node, place)}: {field}: {error['msg'].removeprefix('Value error, ')}"


def _line(node: Any, place: tuple[int | str, ...]) -> int:
    """Return the line of a field, or of what should have it, counted from 1."""
    if node is None:
        return 1
    line: int = node.start_mark.line
    for step in place:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line + 1


def _child(node: Any, step: int | str) -> tuple[int, Any] | None:
    if node.id == "mapping":
        return next(((key.start_mark.line, value) for key, value in node.value if key.value == step), None)
    if node.id == "sequence" and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line, node.value[step]
    return None


def _named_twice(node: Any) -> Iterator[tuple[int, str]]:
    """Yield line and name of each field that its mapping has already: YAML would silently take the last."""
    if node is None or node.id == "scalar":
        return
    seen: set[str] = set()
    for entry in node.value:
        key, value = entry if node.id == "mapping" else (None, entry)
        if key is not None and key.id == "scalar":
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
        yield from _named_twice(value)
