"""The list of corrections: what the recogniser writes for names that its model does not know, and what was meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Self

from agents.transcribe.languages import Language, language_of
from agents.transcribe.settings import TranscribeSettings
from schemas import Word
from schemas.from_outside import composed
from streams.errors import SettingsError

Phrase = tuple[str, ...]

_CURE = "Correct the file: on each line what is heard, a tab, what is meant; lines that begin with # are comments"


@dataclass(frozen=True)
class Corrections:
    """Heard → meant, by whole words; of phrases that begin at the same word, the longest counts."""

    meant: Mapping[Phrase, Phrase]

    @classmethod
    def read(cls, path: Path, language: Language) -> Self:
        """Read a list, in whose language capitals are lowered, from a file of tab-separated lines in UTF-8.

        Raises:
            SettingsError: The file cannot be read, or a line is not two columns, or contradicts an earlier one.
        """
        try:
            lines = composed(path.read_text(encoding="utf-8-sig")).splitlines()
        except (OSError, UnicodeDecodeError) as error:
            found = f"cannot read the corrections in {path}: {type(error).__name__}"
            raise SettingsError(found, "Name a readable text file in UTF-8") from error
        meant: dict[Phrase, Phrase] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            columns = [tuple(language.lowered(column).split()) for column in line.split("\t")]
            if len(columns) != 2 or not all(columns):
                found = f"{path}, line {number}: expected two columns with words, found {sum(map(bool, columns))}"
                raise SettingsError(found, _CURE)
            heard, own = columns
            if meant.setdefault(heard, own) != own:
                raise SettingsError(f"{path}, line {number}: an earlier line corrects the same words otherwise", _CURE)
        return cls(meant)

    def applied(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Return one speaker's words with the corrections made; ``heard`` of a corrected word is what it replaced."""
        longest = max(map(len, self.meant), default=0)
        corrected: list[Word] = []
        position = 0
        while position < len(words):
            for length in range(min(longest, len(words) - position), 0, -1):
                heard = words[position : position + length]
                if meant := self.meant.get(tuple(word.text for word in heard)):
                    corrected += _replaced(heard, meant)
                    position += length
                    break
            else:
                corrected.append(words[position])
                position += 1
        return tuple(corrected)


def corrections_of(settings: TranscribeSettings) -> Corrections:
    """Return the list that the settings name, an empty one where they name none. Raises what reading does."""
    if settings.corrections is None:
        return Corrections({})
    return Corrections.read(settings.corrections, language_of(settings.language))


def _replaced(heard: Sequence[Word], meant: Phrase) -> list[Word]:
    if len(heard) == len(meant):
        return [
            word if word.text == text else word.model_copy(update={"text": text, "heard": word.text})
            for word, text in zip(heard, meant, strict=True)
        ]
    start_s, phrase = heard[0].start_s, " ".join(word.text for word in heard)
    each_s = (max(word.end_s for word in heard) - start_s) / len(meant)
    confidence = round(fmean(word.confidence for word in heard), 4)
    return [
        Word(
            text=text,
            start_s=start_s + place * each_s,
            end_s=start_s + (place + 1) * each_s,
            confidence=confidence,
            heard=phrase,
        )
        for place, text in enumerate(meant)
    ]
