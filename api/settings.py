"""Settings of the API."""

from pydantic import Field, PositiveInt
from pydantic_settings import SettingsConfigDict

from streams.settings import ListenAddress, Section, address_and_port


class ApiSettings(Section):
    """How the API listens, and how much it takes at once."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_API_")

    listen: ListenAddress = "127.0.0.1:8080"
    """Address and port that the API listens on; port 0 takes any free one. Nothing but the machine's own addresses is
    taken while nobody has a key and no issuer is named."""
    body_limit_kb: PositiveInt = Field(default=1024, le=16 * 1024)
    """Size in KiB of the largest body of a request that uploads no recording."""
    upload_limit_mb: PositiveInt = 200
    """Size in MB of the largest upload of a call's recordings, all parts together."""
    batch_size: PositiveInt = Field(default=500, le=5000)
    """Calls that may be handed in with one request."""
    page_size: PositiveInt = Field(default=50, le=1000)
    """Items on a page of a list, where the request does not say."""

    @property
    def listens_on(self) -> tuple[str, int]:
        """Address and port of the API."""
        return address_and_port(self.listen)
