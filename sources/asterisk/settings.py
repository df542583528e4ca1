"""Settings of a PBX that is listened to."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat


class AsteriskSource(BaseModel):
    """The Manager Interface of an Asterisk (FreePBX, Issabel, VICIdial); ``callsift source asterisk`` listens to it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    host: str = Field(min_length=1)
    """Address of the PBX."""
    port: int = Field(default=5038, ge=1, le=65535)
    """Port of the Manager Interface."""
    tls: bool = False
    """Whether the connection is encrypted, as manager.conf's tlsenable has it on port 5039."""
    ca_file: Path | None = None
    """PEM file of the authority that the PBX's certificate comes from. Unset: those that the system trusts."""
    username: str = Field(default="callsift", pattern=r"^[^\r\n]+$")
    """Section of manager.conf."""
    secret_file: Path
    """File with its secret; read at every login."""
    trunks: tuple[str, ...] = ()
    """How the names of channels to the outside begin: ["PJSIP/operator", "DAHDI/"]. By them it is known who is
    the customer, which calls are outbound, and which are internal and left out. Empty: whoever comes first is the
    customer."""
    folder: str = "/var/spool/asterisk/monitor"
    """Folder of the recordings, as the PBX sees it."""
    address: str = ""
    """Where the audio stage finds that folder, such as file:///mnt/monitor or https://pbx.example/recordings. Unset: in
    the same place."""
    legs: tuple[str, str] | None = None
    """What the names of both directions' files have behind the mix's, what the channel sent and what it heard:
    ["-r", "-t"]. For recordings whose MixMonitor is not seen; a dialplan's is."""
    call_id_prefix: str = Field(default="", max_length=40)
    """Put before every call's identifier, where several PBXs may give the same."""
    settle_s: PositiveFloat = 1.0
    """Seconds after the last hang-up until a call is handed in: the recordings are closed by then."""
    silence_s: PositiveFloat = 30.0
    """Seconds without a word from the PBX after which it is asked whether it is there; once more, and the connection is
    given up."""
