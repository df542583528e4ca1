"""Settings of fetching: what may be fetched, with which credentials, and how long it may take."""

from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from streams.hosts import host_entry
from streams.settings import FromJson, Section


def origin(uri: str) -> str:
    """Return scheme, host and port of a web address, the port only where it is not the scheme's own.

    Raises:
        ValueError: Not http or https, or without a host.
    """
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected an origin such as https://pbx.example.com or http://10.0.0.7:8080")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    own = parts.port in {None, {"http": 80, "https": 443}[parts.scheme]}
    return f"{parts.scheme}://{host}" + ("" if own else f":{parts.port}")


def _separated(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _root(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"{str(path)!r} is no absolute path")
    return path


def _by_origin(entries: dict[str, Any]) -> dict[str, Any]:
    for key in entries:
        if urlsplit(key).path.strip("/") or urlsplit(key).query or "@" in key:
            raise ValueError("expected nothing but an origin as key, such as https://pbx.example.com")
    return {origin(key): value for key, value in entries.items()}


def _one_line(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().isprintable():
        raise ValueError("a header's value holds a line break or a control character")
    return value


class OriginTls(BaseModel):
    """How one origin is trusted, and how it trusts us."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca_file: FilePath | None = None
    """PEM file of the authorities that its certificate comes from. Unset: those that the system trusts."""
    certificate_file: FilePath | None = None
    """PEM file with our certificate and its chain."""
    key_file: FilePath | None = None
    """PEM file with the certificate's private key. Unset: it is in the certificate's file."""
    key_password: SecretStr | None = None
    """Password of the private key, if it is encrypted."""

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.certificate_file is None and (self.key_file or self.key_password):
            raise ValueError("key_file and key_password need certificate_file")
        return self


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_separated)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(host_entry)], ...], NoDecode, BeforeValidator(_separated)]
Roots = Annotated[tuple[Annotated[Path, AfterValidator(_root)], ...], NoDecode, BeforeValidator(_separated)]
Headers = dict[str, Annotated[SecretStr, AfterValidator(_one_line)]]


class FetchSettings(Section):
    """What may be fetched, how, and how long it may take (docs/fetching.md)."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_FETCH_")

    schemes: CommaSeparated = ("http", "https", "s3", "gs", "az", "abfs", "file")
    """Schemes that are fetched, separated by commas. Those beyond http, https and file need their fsspec driver."""
    hosts: Hosts = ()
    """Hosts (names, *.domain, addresses, networks) and buckets that alone are fetched from, separated by commas.
    Empty: every public host and every bucket."""
    internal_hosts: Hosts = ()
    """Hosts and networks that are fetched from by http and https although they are loopback, private or otherwise not
    public, separated by commas. Link-local and metadata addresses must be listed one by one, as addresses."""
    file_roots: Roots = ()
    """Folders that file:// is confined to, symlinks resolved, separated by commas. Empty: every file:// is refused."""
    headers: FromJson[Annotated[dict[str, Headers], AfterValidator(_by_origin)]] = Field(default={})
    """Headers to send, as JSON by origin: {"https://pbx.example.com": {"Authorization": "Bearer …"}}."""
    tls: FromJson[Annotated[dict[str, OriginTls], AfterValidator(_by_origin)]] = Field(default={})
    """Client certificates and authorities, as JSON by origin: {"https://pbx.example.com": {"certificate_file": "…",
    "key_file": "…", "key_password": "…", "ca_file": "…"}}."""
    recording_limit_mb: PositiveInt = 500
    """Largest recording that is fetched, in megabytes."""
    time_limit_s: PositiveFloat = 300.0
    """Seconds that fetching one file may take, redirects and resumptions included."""
    missing_grace_s: NonNegativeFloat = 600.0
    """Seconds after hang-up in which a missing recording may still come; after that its call is given up."""
