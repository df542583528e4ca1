"""The file that says by which server mail goes, as whom and to whom."""

from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, model_validator

from streams.errors import SettingsError
from streams.yaml_file import read_yaml_file

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_CURE = "Correct the file of --mail-file; docs/summary.md shows one"


def as_address(text: str) -> Address:
    """Return what a mailbox is as mail writes it: calls@example.com, or Calls <calls@example.com>.

    Raises:
        ValueError: It is none.
    """
    name, spec = parseaddr(text)
    if not text.isprintable() or spec.count("@") != 1 or spec.startswith("@") or spec.endswith("@"):
        raise ValueError("expected an address such as Calls <calls@example.com>")
    try:
        return Address(display_name=name, addr_spec=spec)
    except Exception:  # noqa: BLE001 - the parser raises what it likes, IndexError among it
        raise ValueError("expected an address such as Calls <calls@example.com>") from None


def _is_address(text: str) -> str:
    as_address(text)
    return text


Mailbox = Annotated[str, AfterValidator(_is_address)]


class MailFile(BaseModel):
    """How mail is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    host: str = Field(min_length=1)
    """Name of the server, which its certificate has to be for."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls: the connection is encrypted before anything is said. tls: from its start. none: it is not, and there is
    no login."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Its port; by default 587, 465 for tls, and 25 for none."""
    ca_file: Path | None = None
    """Certificates that the server's is checked with; those of the system unless given."""
    user: str | None = None
    """Who signs in; nobody unless given."""
    password_file: Path | None = None
    """File with the password alone in it."""
    sender: Mailbox = Field(alias="from")
    """From whom the mail is."""
    to: tuple[Mailbox, ...] = Field(min_length=1)
    """To whom it goes."""
    list_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
    """What the mail's List-Id says (RFC 2919), for rules of mailboxes; summary.callsift. and the sender's domain unless
    given."""
    timeout_s: PositiveFloat = 30.0
    """Seconds that the server may take to answer each command."""
    patience_s: float = Field(default=900.0, ge=0.0)
    """Seconds for which it is tried again where a server is away or says later (greylisting)."""

    @model_validator(mode="after")
    def _login_is_whole_and_encrypted(self) -> Self:
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file belong together")
        if self.user is not None and self.security == "none":
            raise ValueError("a password is sent over an encrypted connection alone: set security to starttls or tls")
        return self

    @property
    def server_port(self) -> int:
        """The port that is connected to."""
        return self.port or _PORTS[self.security]

    def password(self) -> str:
        """Return the password.

        Raises:
            SettingsError: There is none in the file.
        """
        try:
            found = self.password_file.read_text(encoding="utf-8").strip() if self.password_file else ""
        except (OSError, UnicodeDecodeError):
            found = ""
        if not found:
            raise SettingsError(f"there is no password in {self.password_file}", _CURE)
        return found


def read_mail_file(path: Path) -> MailFile:
    """Read how mail is sent.

    Raises:
        SettingsError: It cannot be read, or breaks a rule; the message names the field.
    """
    return read_yaml_file(path, MailFile, _CURE)
