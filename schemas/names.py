"""Codes and names, as taxonomy.yaml has them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
"""What events and documents say."""
LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Names = Annotated[dict[LanguageTag, Annotated[str, Field(min_length=1, max_length=80)]], Field(min_length=1)]
"""A name in one or more languages, by BCP 47 tag."""


def repeated(codes: Iterable[str]) -> list[str]:
    """Return what is there more than once, in the order of the alphabet."""
    return sorted(code for code, times in Counter(codes).items() if times > 1)


def named(names: Mapping[str, str], language: str) -> str:
    """Return the name in a language, in its plain form, in English, or in whatever language there is one."""
    for tag in (language, language.partition("-")[0], "en"):
        if tag in names:
            return names[tag]
    return next(iter(names.values()))
