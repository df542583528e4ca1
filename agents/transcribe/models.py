"""Which speech model decodes a call: one for each language."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from agents.transcribe.languages import primary_subtag
from agents.transcribe.settings import TranscribeSettings
from streams.errors import PermanentError, SettingsError


class LanguageWithoutModel(PermanentError):
    """No speech model is there for the language of a call."""


class SpeechModel(NamedTuple):
    """A Vosk model of this worker."""

    language: str
    """What it understands, as a BCP 47 tag."""
    folder: Path
    """Where it lies."""

    @property
    def fingerprint(self) -> str:
        """Name and digest for the record."""
        return fingerprint(self.folder)


class SpeechModels:
    """The models of a worker."""

    def __init__(self, settings: TranscribeSettings) -> None:
        """Take the models that the settings name.

        Raises:
            SettingsError: None is named for the default language.
        """
        folders = dict(settings.vosk_models)
        if settings.vosk_model is not None:
            folders[settings.language] = settings.vosk_model
        self.all = tuple(SpeechModel(language, folder) for language, folder in folders.items())
        default = _understanding(settings.language, self.all)
        if default is None:
            raise SettingsError(
                "no speech model" + (f" for the default language {settings.language}" if folders else ""),
                "Set CALLSIFT_VOSK_MODEL to the folder of a Vosk model; `callsift model fetch` brings one",
            )
        self.default = default

    def chosen(self, language: str | None) -> SpeechModel:
        """Return the model for a call: of its language, whatever the region, if there is none of the same.

        Args:
            language: BCP 47 tag; None where it is unknown: the default.

        Raises:
            LanguageWithoutModel: No model understands it.
        """
        if language is None:
            return self.default
        found = _understanding(language, (self.default, *self.all))
        if found is None:
            have = ", ".join(model.language for model in self.all)
            raise LanguageWithoutModel(
                f"no speech model for the language {language!r}, only for {have}",
                "Name its model in CALLSIFT_VOSK_MODELS, or correct the call-ended event",
            )
        return found


@cache
def fingerprint(folder: Path) -> str:
    """Name a model for the record: its folder's name and a digest of its files' names and sizes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listing = "\n".join(f"{path.relative_to(folder)} {path.stat().st_size}" for path in files)
    return f"{folder.resolve().name}@{hashlib.sha256(listing.encode()).hexdigest()[:12]}"


def _understanding(language: str, models: Iterable[SpeechModel]) -> SpeechModel | None:
    own = list(models)
    same = (model for model in own if model.language.casefold() == language.casefold())
    related = (model for model in own if primary_subtag(model.language) == primary_subtag(language))
    return next(same, None) or next(related, None)
