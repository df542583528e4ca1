"""The languages of the pages: their words, and how each writes numbers and times. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, format_percent

CODES = ("en", "tr")
"""The languages that there are; each is a file beside this one."""
_MILLION = 1_000_000
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Language:
    """One language, at one place."""

    code: str
    """Also what ``lang`` says."""
    zone: ZoneInfo
    """The time zone of all times."""

    def t(self, key: str, /, **values: object) -> str:
        """Return the text of a key, with its values; ``n`` chooses between one and other where there are both.

        Raises:
            KeyError: There is no such text.
        """
        text = words(self.code)[key]
        if isinstance(text, Mapping):
            number = values.get("n", 0)
            text = text["one" if number == 1 else "other"]
            values = {**values, "n": self.number(float(str(number)))}
        return str(text).format(**values) if values else str(text)

    def knows(self, key: str) -> bool:
        """Say whether there is a text of a key."""
        return key in words(self.code)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with so many digits behind its comma at the most."""
        return str(format_decimal(round(value, digits), locale=self.code))

    def percent(self, share: float, digits: int = 0) -> str:
        """Return a share in per cent, with so many digits behind its comma."""
        pattern = _locale(self.code).percent_formats[None].pattern
        form = pattern.replace("##0", f"##0.{'0' * digits}") if digits else pattern
        return str(format_percent(share, format=form, locale=self.code))

    def points(self, difference: float) -> str:
        """Return by how much a share is higher or lower, in percentage points with one digit."""
        shown = round(100 * difference, 1)
        sign = "+" if shown > 0 else "\N{MINUS SIGN}" if shown < 0 else "±"
        return f"{sign}{format_decimal(abs(shown), format='0.0', locale=self.code)}"

    def money(self, micros: int, currency: str) -> str:
        """Return an amount in millionths of a currency's unit; four digits below one unit, none from a thousand."""
        least = "#,##0.0000" if 0 < abs(micros) < _MILLION else "#,##0.00"
        digits = "#,##0" if abs(micros) >= 1000 * _MILLION else least
        return str(format_currency(micros / _MILLION, currency, f"{digits} ¤", locale=self.code, currency_digits=False))

    def seconds(self, value: float) -> str:
        """Return a short span in seconds, with one digit."""
        return f"{format_decimal(value, format='0.0', locale=self.code)} {self.t('unit.s')}"

    def span(self, seconds: float) -> str:
        """Return a span of time in its largest unit of which there are two or more."""
        units = (("d", 86_400), ("h", 3600), ("min", 60))
        unit, length_s = next((one for one in units if seconds >= 2 * one[1]), ("s", 1))
        return f"{self.number(seconds / length_s)} {self.t(f'unit.{unit}')}"

    def length(self, value: float) -> str:
        """Return a length of sound as players show it: 3:07, or 1:02:03."""
        hours, rest = divmod(round(value), 3600)
        minutes, seconds = divmod(rest, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def clock(self, moment: datetime) -> str:
        """Return the time of day."""
        return format_time(moment.astimezone(self.zone), "HH:mm", locale=self.code)

    def moment(self, moment: datetime) -> str:
        """Return day and time."""
        return format_datetime(moment, "d MMM y HH:mm", tzinfo=self.zone, locale=self.code)

    def day(self, day: date) -> str:
        """Return a day with its name."""
        return format_date(day, "EEEE, d MMMM y", locale=self.code)

    def short_day(self, day: date) -> str:
        """Return a day without its year."""
        return format_date(day, "d MMM", locale=self.code)


@cache
def words(code: str) -> Mapping[str, Any]:
    """Return the texts of a language by their keys, such as calls.title."""
    content = yaml.safe_load((_FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    return dict(_flat(content))


def preferred(accepted: str, otherwise: str) -> str:
    """Return the language that an Accept-Language header (RFC 9110, 12.5.4) wants most."""
    wanted = []
    for part in accepted.split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        wanted.append((weight, tag.split("-")[0].lower()))
    known = [(weight, code) for weight, code in wanted if code in CODES and weight > 0]
    return max(known, key=lambda one: one[0])[1] if known else otherwise


@cache
def _locale(code: str) -> Locale:
    return Locale(code)


def _flat(content: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in content.items():
        is_text = not isinstance(value, Mapping) or set(value) == {"one", "other"}
        found += [(f"{before}{name}", value)] if is_text else _flat(value, f"{before}{name}.")
    return found
