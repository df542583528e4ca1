"""Settings of the pages."""

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from streams.settings import Section


class PageSettings(Section):
    """How pages look, and how long somebody stays signed in."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_PAGE_")

    time_zone: str = "Europe/Istanbul"
    """Time zone of all times on the pages, and of what "today" means there."""
    language: Literal["en", "tr"] = "en"
    """Language of the pages for a browser that asks for none of them."""
    session_hours: float = Field(default=12.0, gt=0, le=24 * 30)
    """Hours after which somebody has to sign in again."""

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("expected a time zone such as Europe/Istanbul") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def session(self) -> timedelta:
        """How long a session lasts."""
        return timedelta(hours=self.session_hours)
