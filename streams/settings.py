"""Settings of the conveyor, and how every section is read from the environment."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    DirectoryPath,
    Field,
    FilePath,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from streams.errors import SettingsError, broken_rules

Days = Annotated[float, Field(ge=0.0, le=36_500.0)]
"""A span of time in days."""
_T = TypeVar("_T")
FromJson = Annotated[
    _T, NoDecode, BeforeValidator(lambda value: json.loads(value) if isinstance(value, str) else value)
]
"""What a variable holds as JSON; a setting that is given in code is taken as it is."""


class Section(BaseSettings):
    """One group of settings. A field's variable is the section's prefix and the field's name, or the field's alias."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True, env_ignore_empty=True
    )

    @classmethod
    def variable(cls, field: str) -> str:
        """Return the name of the environment variable that sets ``field``."""
        info = cls.model_fields.get(field)
        if info is not None and isinstance(info.validation_alias, str):
            return info.validation_alias
        if field in cls.model_fields:
            return f"{cls.model_config['env_prefix']}{field}".upper()
        return field  # an alias names the variable already

    @classmethod
    def read(cls, **values: Any) -> Self:
        """Read the section from the environment; ``values`` win.

        Raises:
            SettingsError: A value breaks its rule; the message names the variable and the rule.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            problems = broken_rules(
                error, most=None, name=lambda path: cls.variable(path.split(".")[0]) if path else cls.__name__
            )
            raise SettingsError(problems, "Correct the variable; docs/settings.md lists them all") from None


class TaxonomySettings(Section):
    """The categories that calls are put into."""

    folder: DirectoryPath | None = Field(default=None, validation_alias="CALLSIFT_TAXONOMY")
    """Folder with your own taxonomy.yaml, and perhaps model.npz and prompt.md, or with a taxonomies.yaml that chooses
    among its folders (docs/own-business.md). Workers, API and commands need the same. Unset: the shipped categories."""


class KafkaSettings(Section):
    """How to reach Kafka, and how patient to be with it."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_KAFKA_")

    bootstrap_servers: str = Field(default="localhost:9092", min_length=1)
    """Brokers to start from, host:port, separated by commas."""
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = "none"
    """How messages that are published are made smaller. Readers have to know the codec; ours know all of them."""
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$")
    """Put before every topic and consumer group, so that several installations can share a cluster."""
    replication_factor: PositiveInt = 1
    """Copies of each partition that ``callsift topics create`` asks for; 3 in production."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How the brokers' listener is secured. SASL_PLAINTEXT encrypts nothing, with PLAIN not even the password."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How SASL_PLAINTEXT and SASL_SSL prove who we are."""
    username: str | None = Field(default=None, min_length=1)
    """User for SASL."""
    password: SecretStr | None = Field(default=None, min_length=1)
    """Password for SASL."""
    ca_file: FilePath | None = None
    """PEM file of the authorities that the brokers' certificates come from. Unset: those that the system trusts."""
    certificate_file: FilePath | None = None
    """PEM file with our own certificate and its chain, for brokers that ask for one (mutual TLS)."""
    key_file: FilePath | None = None
    """PEM file with the certificate's private key."""
    key_password: SecretStr | None = Field(default=None, min_length=1)
    """Password of the private key, if it is encrypted."""
    session_timeout_s: PositiveFloat = 6.0
    """Seconds without a heartbeat after which the group takes a dead worker's partitions away."""
    rebalance_timeout_s: PositiveFloat = 10.0
    """Seconds that a rebalance waits for a member; three tenths of them at the most for its work in flight."""
    commit_interval_s: PositiveFloat = 1.0
    """Seconds between commits: after a crash, what was done since the last one is done again."""
    fetch_wait_s: PositiveFloat = 1.5
    """Seconds that a broker may hold a question of an idle stage. A real broker answers when a message comes; the
    embedded one holds it to the end, so ``callsift up`` sets less for it."""

    @property
    def heartbeat_interval_s(self) -> float:
        """Seconds between heartbeats: of four in a session, three may be lost."""
        return self.session_timeout_s / 4

    @property
    def request_timeout_s(self) -> float:
        """Seconds to wait for a broker's answer: longer than a session, and than joining a group takes."""
        return max(2 * self.session_timeout_s, self.rebalance_timeout_s + 2)

    @property
    def handover_s(self) -> float:
        """Seconds that a member lets a rebalance wait for its work in flight; what is left is done again."""
        return 0.3 * self.rebalance_timeout_s

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol in {"SSL", "SASL_SSL"}

    @property
    def uses_sasl(self) -> bool:
        """Whether a user and a password prove who we are."""
        return self.security_protocol in {"SASL_PLAINTEXT", "SASL_SSL"}

    @model_validator(mode="after")
    def _security_is_whole(self) -> Self:
        protocol = f"CALLSIFT_KAFKA_SECURITY_PROTOCOL={self.security_protocol}"
        user = [name for name in ("username", "password") if getattr(self, name) is None]
        if self.uses_sasl and user:
            raise ValueError(f"{protocol} needs {self._variables(user)}")
        if not self.uses_sasl and len(user) < 2:
            raise ValueError(
                "CALLSIFT_KAFKA_USERNAME and CALLSIFT_KAFKA_PASSWORD need a protocol with SASL, not " + protocol
            )
        files = ("ca_file", "certificate_file", "key_file", "key_password")
        given = [name for name in files if getattr(self, name) is not None]
        if given and not self.uses_tls:
            raise ValueError(f"{self._variables(given)} need SSL or SASL_SSL, not {protocol}")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("CALLSIFT_KAFKA_CERTIFICATE_FILE and CALLSIFT_KAFKA_KEY_FILE belong together")
        if self.key_password is not None and self.key_file is None:
            raise ValueError("CALLSIFT_KAFKA_KEY_PASSWORD needs CALLSIFT_KAFKA_KEY_FILE")
        return self

    @classmethod
    def _variables(cls, fields: list[str]) -> str:
        return " and ".join(cls.variable(field) for field in fields)


class RunnerSettings(Section):
    """How a stage takes events."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_RUNNER_")

    window_size: PositiveInt = 8
    """Events in work at once in one worker."""
    quick_tries: PositiveInt = 3
    """Tries of an event that fails with a transient error, before it goes to a retry topic."""
    work_limit_s: PositiveFloat = 14400.0
    """Seconds that one try of one event may take, its wait for a child process included, before it is given up."""
    stall_limit_s: PositiveFloat = 60.0
    """Seconds without progress, although events wait and nothing is in work, after which the worker ends itself."""
    grace_s: NonNegativeFloat = 25.0
    """Seconds that work in flight may still take after SIGTERM; what is not done by then comes again elsewhere."""

    @property
    def hold_limit_s(self) -> float:
        """Seconds within which one event at least is finished while some are in work: all quick tries and more."""
        return self.quick_tries * self.work_limit_s + self.stall_limit_s


def address_and_port(listen: str) -> tuple[str, int]:
    """Return where to listen; an empty address is every one of the machine."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def _is_a_port(value: str) -> str:
    port = value.rpartition(":")[2]
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError("expected a port from 0 to 65535, or an address and a port such as 127.0.0.1:8000")
    return value


ListenAddress = Annotated[str, AfterValidator(_is_a_port)]
"""A port, or an address and a port: where a process listens."""


class WorkerSettings(Section):
    """What a worker process shows of itself."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_")

    http_port: ListenAddress = "8000"
    """Port of /metrics, /health/live and /health/ready, on all addresses of the machine, or with one in front on that
    alone: 127.0.0.1:8000. Port 0 takes any free one."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least important lines that are written to standard error."""
    log_format: Literal["text", "json"] = "text"
    """text for people, json for a log collector."""

    @property
    def listens_on(self) -> tuple[str, int]:
        """Address and port of metrics and health."""
        return address_and_port(self.http_port)


class MonitorSettings(Section):
    """How often the monitor asks the brokers."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_MONITOR_")

    interval_s: PositiveFloat = 15.0
    """Seconds from one look at the pipeline to the next; each reads what came to the dead letters since the last."""


class AudioStoreSettings(Section):
    """Where prepared audio, and what else is too large for Kafka, lies between the stages."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_AUDIO_STORE_")

    uri: str = Field(default=(Path.home() / ".callsift" / "audio").as_uri(), min_length=1)
    """Folder or bucket that every worker can reach: file:// on one machine, s3:// and the like otherwise."""
    message_limit_kb: PositiveInt = Field(default=256, le=900)
    """Size in KiB from which on a transcript does not travel in a message but lies in the store."""

    @property
    def is_folder(self) -> bool:
        """Whether the store is a folder, which other machines see only if it is shared with them."""
        return urlsplit(self.uri).scheme in {"", "file", "local"}


class RetentionSettings(Section):
    """How long data is kept; ``callsift retention run`` removes what is older. 0 keeps for ever."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_RETENTION_")

    audio_store_days: Days = 7.0
    """Days that everything is kept in the audio store, from when it was written last; 0: for ever. Not less than the
    topics between the stages keep their messages, where an operator may want to have them read again."""
    documents_days: Days = 0.0
    """Days that documents are kept in MongoDB, from the decision on; 0: for ever."""
    dead_letters_days: Days = 30.0
    """Days that dead letters and the marks of their replays are kept; 0: for as long as Kafka keeps them."""


RETAINED = tuple(name.removesuffix("_days") for name in RetentionSettings.model_fields)
"""The kinds of data that have an age."""


class PrivacySettings(Section):
    """What becomes of the caller's number. What was said is redacted in any case."""

    model_config = SettingsConfigDict(env_prefix="CALLSIFT_PRIVACY_")

    caller: Literal["keep", "hash", "drop"] = "keep"
    """keep: as the PBX sent it. hash: a keyed hash, the same for the same number. drop: null."""
    caller_key: SecretStr | None = Field(default=None, min_length=16)
    """Key of the hash, a secret of the installation; whoever knows it can find a number by trying all."""

    @model_validator(mode="after")
    def _a_hash_needs_a_key(self) -> Self:
        if self.caller == "hash" and self.caller_key is None:
            raise ValueError("CALLSIFT_PRIVACY_CALLER=hash needs CALLSIFT_PRIVACY_CALLER_KEY")
        return self
