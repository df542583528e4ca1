"""Settings of the store."""

from pydantic import Field, PositiveFloat, SecretStr
from pydantic_settings import SettingsConfigDict

from streams.settings import Section

DATABASE = "callsift"
"""The database, where the address names none."""


class StoreSettings(Section):
    """Where outcomes are stored."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_MONGO_")

    uri: SecretStr = SecretStr("mongodb://localhost:27017")
    """Address of MongoDB, with user, password and TLS options where needed. It may name the database, as in
    mongodb://host:27017/calls; a user is looked up there, unless authSource says otherwise. No name: callsift."""
    collection: str = Field(default="calls", min_length=1)
    """Name of the collection that holds one document per call."""
    timeout_s: PositiveFloat = 10.0
    """Seconds to wait for the store's answer."""
