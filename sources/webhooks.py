"""Sources that send their calls to the API in a form of their own: what comes of a request. Pure."""

from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from sources.mapping import Mapping, Sent, load_mapping, preset
from sources.mapping.twilio import is_signed
from sources.observation import Observation, Refused
from sources.settings import SourcesFile, Webhook
from streams.errors import SettingsError


@dataclass(frozen=True)
class Source:
    """One of them."""

    name: str
    mapping: Mapping
    zone: ZoneInfo | None = None
    recordings: str | None = None
    secret: str | None = field(default=None, repr=False)
    public_url: str | None = None

    @property
    def signs(self) -> bool:
        """Whether its requests are signed; all others have to bring a key."""
        return self.mapping.file.signature is not None and self.secret is not None

    def check_signature(self, sent: Sent, path: str, query: str) -> None:
        """Let a request pass that the source has signed.

        Raises:
            Refused: unsigned.
        """
        address = f"{(self.public_url or '').rstrip('/')}{path}{f'?{query}' if query else ''}"
        if self.secret is None or not is_signed(sent, address, self.secret):
            raise Refused(
                "unsigned",
                "the signature is not that of the source",
                "Compare its secret, and the public_url of CALLSIFT_SOURCES_FILE with the address that it calls",
            )

    def observation(self, sent: Sent) -> Observation | None:
        """Return what a request tells of a call; None: it is about no call that is over.

        Raises:
            Refused: invalid: it cannot be mapped.
        """
        content = self.mapping.content(sent, self.zone, self.recordings)
        return None if content is None else Observation(self.name, content)


def make_sources(file: SourcesFile) -> Named[str, Source]:
    """Return the sources of a file by name.

    Raises:
        SettingsError: A mapping cannot be read, or a source that signs has no secret, or nobody knows the public URL.
    """
    return {name: _source(name, one, file.public_url) for name, one in file.webhooks.items()}


def _source(name: str, webhook: Webhook, public_url: str | None) -> Source:
    mapping = preset(webhook.preset or "") if webhook.mapping is None else load_mapping(webhook.mapping)
    secret = None if webhook.secret_file is None else _secret(webhook.secret_file)
    if mapping.file.signature is not None and secret is not None and public_url is None:
        raise SettingsError(
            f"the source {name} signs the address that it calls, and nobody knows it",
            "Set public_url in CALLSIFT_SOURCES_FILE",
        )
    if mapping.file.signature is None and secret is not None:
        raise SettingsError(
            f"the source {name} has a secret, and its mapping no signature", "Take the secret away: it brings a key"
        )
    return Source(
        name,
        mapping,
        zone=None if webhook.time_zone is None else ZoneInfo(webhook.time_zone),
        recordings=webhook.recordings,
        secret=secret,
        public_url=public_url,
    )


def _secret(path: Path) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise SettingsError(f"there is no secret in {path}", "Name a file with the secret alone in it")
    return secret
