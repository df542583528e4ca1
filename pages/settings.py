"""Settings of the pages."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from streams.settings import Section

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class PageSettings(Section):
    """How pages look, and how long somebody stays signed in."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_PAGE_")

    time_zone: str = "Europe/Istanbul"
    """Time zone of all times on the pages, and of what "today" means there."""
    language: Literal["en", "tr"] = "en"
    """Language of the pages for a browser that asks for none of them."""
    session_hours: float = Field(default=12.0, gt=0, le=24 * 30)
    """Hours after which somebody has to sign in again. What an issuer says somebody may holds for as long."""
    oidc_client: SecretStr | None = None
    """What callsift is to the issuer (CALLSIFT_OIDC_ISSUER), ID:SECRET, or ID where it has no secret. People sign in
    there then. Unset: with an API key alone."""

    report_key: SecretStr | None = None
    """Private Ed25519 key that signs audit reports of reviews: 64 hexadecimal digits, as `openssl rand -hex 32` makes
    them. Without one reports are not signed, and say so."""

    @field_validator("report_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not re.fullmatch("[0-9a-fA-F]{64}", key.get_secret_value()):
            raise ValueError("expected 64 hexadecimal digits: openssl rand -hex 32")
        return key

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("expected a time zone such as Europe/Istanbul") from None
        return name

    @field_validator("oidc_client")
    @classmethod
    def _has_an_identifier(cls, client: SecretStr | None) -> SecretStr | None:
        if client is not None and not client.get_secret_value().partition(":")[0].strip():
            raise ValueError("expected ID:SECRET, or ID")
        return client

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def signing_key(self) -> "Ed25519PrivateKey | None":
        """What signs audit reports; None: nothing does."""
        if self.report_key is None:
            return None
        # 80 ms and 8 MB, which workers that know the names of all settings are spared
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.report_key.get_secret_value()))

    @property
    def session(self) -> timedelta:
        """How long a session lasts."""
        return timedelta(hours=self.session_hours)
