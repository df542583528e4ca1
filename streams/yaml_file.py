"""Settings that are a file of YAML: read whole, checked by a model, and refused with the field that is wrong."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from streams.errors import SettingsError, broken_rules

ModelT = TypeVar("ModelT", bound=BaseModel)


def read_yaml_file(path: Path, model: type[ModelT], cure: str) -> ModelT:
    """Read a file of settings; an empty one is the model without any.

    Raises:
        SettingsError: It cannot be read, or breaks a rule; the message names the field, and ``cure`` what to do.
    """
    import yaml  # noqa: PLC0415 - 3 MB, which nobody without such a file needs

    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        raise SettingsError(f"{path.name}: {broken_rules(error)}", cure) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise SettingsError(f"{path.name} cannot be read as YAML", cure) from None
