"""A caller's number in every form in which a PBX may have sent it, and hashed."""

import re
from dataclasses import dataclass

from streams.errors import SettingsError
from streams.privacy import HASHED, CallerPrivacy
from streams.settings import PrivacySettings

_COUNTRY = "TR"
_FEWEST_DIGITS = 6
_BETWEEN = "[^0-9]*"


@dataclass(frozen=True)
class CallerSearch:
    """What to look for, to find the calls of one caller."""

    written: str
    """Regular expression of the number as it may be written, with or without its country and separators."""
    hashed: tuple[str, ...]
    """Its hashes in every form without separators, E.164 first; none where no key is set."""

    def finds(self, caller: str | None) -> bool:
        """Tell whether what an event has as its caller is this one."""
        return caller is not None and (caller in self.hashed or re.match(self.written, caller) is not None)


def caller_search(number: str, privacy: PrivacySettings) -> CallerSearch:
    """Return how calls of a number are found.

    Raises:
        ValueError: It is no telephone number.
        SettingsError: The library that knows numbering plans is not installed.
    """
    country, national = _parts(number)
    forms = _forms(number, country, national)
    before = f"(?:(?:{_separated('00')}{_BETWEEN})?{_separated(country)})?{_BETWEEN}0?" if country else ""
    return CallerSearch(
        f"^{_BETWEEN}{before}{_BETWEEN}{_separated(national)}{_BETWEEN}$",
        tuple(CallerPrivacy.hashed(form, privacy.caller_key) for form in forms) if privacy.caller_key else (),
    )


def forms_of(number: str) -> tuple[str, ...]:
    """Return a number in every form without separators, E.164 first; itself alone where it is hashed, or an extension.

    Raises:
        SettingsError: The library that knows numbering plans is not installed.
    """
    if number.startswith(HASHED):
        return (number,)
    try:
        return _forms(number, *_parts(number))
    except ValueError:
        return (number,)


def _forms(number: str, country: str, national: str) -> tuple[str, ...]:
    forms: tuple[str, ...] = ("".join(number.split()), national)
    if country:
        forms = (f"+{country}{national}", f"00{country}{national}", f"{country}{national}", f"0{national}", *forms)
    return tuple(dict.fromkeys(forms))


def _separated(digits: str) -> str:
    return _BETWEEN.join(digits)


def _parts(number: str) -> tuple[str, str]:
    """Return country code and national number, as digits; no country where the numbering plans do not know it."""
    try:
        import phonenumbers  # noqa: PLC0415 - only who looks for a caller needs it
    except ImportError as error:
        raise SettingsError(
            f"looking for a caller needs {error.name}, which is missing",
            "Install it with: pip install 'callsift[transcribe]'",
        ) from error
    try:
        found = phonenumbers.parse(number, _COUNTRY)
        if phonenumbers.is_possible_number(found):
            return str(found.country_code), str(phonenumbers.national_significant_number(found))
    except phonenumbers.NumberParseException:
        pass
    digits = "".join(re.findall("[0-9]", number))
    if len(digits) < _FEWEST_DIGITS:
        raise ValueError(f"expected a telephone number of {_FEWEST_DIGITS} digits or more")
    return "", digits
