"""What is to change, as a folder: the version in the shadow of the one in use, for ``callsift eval``."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.classify.settings import ClassifySettings
from schemas import Taxonomy
from streams.errors import CallsiftError, SettingsError

if TYPE_CHECKING:
    from callsift.evaluation.version import Version

SETTINGS, TAXONOMY, PROMPT, MODEL = "settings.env", "taxonomy.yaml", "prompt.md", "model.npz"
_NAMES = (SETTINGS, TAXONOMY, PROMPT, MODEL)
ShadowFolder = Annotated[
    Path | None,
    typer.Option(help=f"Folder with what is to change ({', '.join(_NAMES)}): say whether it is better."),
]


def in_shadow(used: "Version", folder: Path) -> "Version":
    """Return the version that differs from the one in use by what lies in a folder.

    Raises:
        CallsiftError: It has none of them, a file of another name, or one that is not what its name says.
        SettingsError: A variable is none of the classify stage, or breaks its rule.
    """
    from agents.classify.agent import Files

    try:
        found = {path.name: path for path in folder.iterdir() if not path.name.startswith(".")}
    except OSError as error:
        raise CallsiftError(f"cannot read {folder}: {error.strerror}", "Name a folder with --shadow") from None
    if not found or found.keys() - set(_NAMES):
        what = ", ".join(sorted(found)) or "nothing"
        raise CallsiftError(f"{folder} holds {what}", f"Put in what is to change: {', '.join(_NAMES)}")
    return replace(
        used,
        settings=_settings(found[SETTINGS], used.settings) if SETTINGS in found else used.settings,
        taxonomy=_taxonomy(found[TAXONOMY]) if TAXONOMY in found else used.taxonomy,
        files=Files(
            found.get(PROMPT) or used.files.prompt or used.taxonomy.beside(PROMPT),
            found.get(MODEL) or used.files.model or used.taxonomy.beside(MODEL),
        ),
    )


def _settings(path: Path, used: ClassifySettings) -> ClassifySettings:
    """Return the settings in use with the variables of a file in their place."""
    from dotenv import dotenv_values

    fields = {ClassifySettings.variable(name): name for name in ClassifySettings.model_fields}
    chosen: dict[str, Any] = {}
    for variable, value in dotenv_values(stream=StringIO(_text(path))).items():
        if variable not in fields:
            raise SettingsError(
                f"{path}: {variable} is no setting of the classify stage", "docs/settings.md lists them"
            )
        name = fields[variable]
        chosen[name] = value or ClassifySettings.model_fields[name].get_default(call_default_factory=True)
    return ClassifySettings.read(**{name: getattr(used, name) for name in used.model_fields_set} | chosen)


def _taxonomy(path: Path) -> Taxonomy:
    try:
        return Taxonomy.load(path)
    except (OSError, ValueError) as error:
        raise CallsiftError(f"{path} is no taxonomy: {error}", "docs/categories.md says what one has") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CallsiftError(f"cannot read {path}: {type(error).__name__}", "It holds lines of NAME=VALUE") from None
