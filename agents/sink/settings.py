"""Settings of the sink stage."""

from pydantic import Field, PositiveFloat, SecretStr
from pydantic_settings import SettingsConfigDict

from streams.settings import Section


class SinkSettings(Section):
    """Where outcomes are stored."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_MONGO_")

    uri: SecretStr = SecretStr("mongodb://localhost:27017")
    """Address of MongoDB, with user, password and TLS options where needed."""
    database: str = Field(default="callsift", min_length=1)
    """Name of the database."""
    collection: str = Field(default="calls", min_length=1)
    """Name of the collection that holds one document per call."""
    timeout_s: PositiveFloat = 10.0
    """Seconds to wait for the store's answer."""
