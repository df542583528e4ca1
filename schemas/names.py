"""Names in one or more languages, as taxonomy.yaml has them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Names = Annotated[dict[LanguageTag, Annotated[str, Field(min_length=1, max_length=80)]], Field(min_length=1)]
"""A name in one or more languages, by BCP 47 tag."""


def named(names: Mapping[str, str], language: str) -> str:
    """Return the name in a language, in its plain form, in English, or in whatever language there is one."""
    for tag in (language, language.partition("-")[0], "en"):
        if tag in names:
            return names[tag]
    return next(iter(names.values()))
