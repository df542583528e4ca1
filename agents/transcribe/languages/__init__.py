"""Languages that calls are in: one folder each, chosen by the language of the call.

A further one is a folder with a ``Language`` and a line in ``LANGUAGES``;
``tests/agents/transcribe/languages/test_contract.py`` says what it has to do.
"""

from collections.abc import Collection

from agents.transcribe.languages.en import ENGLISH
from agents.transcribe.languages.language import Language
from agents.transcribe.languages.other import OTHER
from agents.transcribe.languages.tr import TURKISH
from streams.errors import PermanentError

__all__ = ["LANGUAGES", "Language", "LanguageWithoutRules", "accepted_language", "language_of", "primary_subtag"]

LANGUAGES = {language.code: language for language in (ENGLISH, TURKISH)}
"""By primary subtag."""


class LanguageWithoutRules(PermanentError):
    """Nobody has written rules for the language of a call, and the settings do not accept that."""


def primary_subtag(language: str) -> str:
    """Return the language alone of a BCP 47 tag: tr for tr-TR."""
    return language.replace("_", "-").split("-")[0].casefold()


def language_of(tag: str) -> Language:
    """Return the language of a BCP 47 tag; what needs no language where there is no folder for it."""
    return LANGUAGES.get(primary_subtag(tag), OTHER)


def accepted_language(tag: str, partly_redacted: Collection[str]) -> Language:
    """Return the language of a call.

    Args:
        tag: BCP 47 tag.
        partly_redacted: Languages that are accepted although nothing that is said in words is redacted in them.

    Raises:
        LanguageWithoutRules: There is no folder for it, and it is not accepted either.
    """
    own = primary_subtag(tag)
    if own not in LANGUAGES and own not in map(primary_subtag, partly_redacted):
        raise LanguageWithoutRules(
            f"no rules for the language {tag!r}, only for {', '.join(LANGUAGES)}: numbers that are said in words, "
            "names and addresses would stay in its transcripts",
            f"If that is acceptable, add {own!r} to CALLSIFT_TRANSCRIBE_PARTLY_REDACTED; else correct the "
            "language of the call-ended event",
        )
    return language_of(tag)
