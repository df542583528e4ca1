"""Fetching a recording: the module that talks to fsspec about addresses that came from outside."""

from pathlib import Path

import aiohttp
import fsspec

from streams.claim_check import public_address
from streams.errors import PermanentError, TransientError

_BLOCK_BYTES = 1024 * 1024


class RecordingMissing(TransientError):
    """There is nothing at the address yet; right after hang-up the PBX may still be writing."""


class RecordingUnreachable(TransientError):
    """The place where the recording should be did not answer."""


class RecordingTooLarge(PermanentError):
    """The recording is larger than the setting allows."""


class UnknownAddress(PermanentError):
    """The address is none, or of a scheme without a driver."""


def fetch(uri: str, target: Path, limit_bytes: int) -> None:
    """Copy the recording at ``uri`` (any scheme with an fsspec driver) to the file ``target``. Blocks.

    Raises:
        RecordingMissing: There is no such file, yet.
        RecordingUnreachable: The place did not answer.
        RecordingTooLarge: More than ``limit_bytes``.
        UnknownAddress: No driver for the address.
    """
    shown = public_address(uri)
    try:
        with fsspec.open(uri, "rb") as source, target.open("wb") as file:
            size_bytes = 0
            while block := source.read(_BLOCK_BYTES):
                size_bytes += len(block)
                if size_bytes > limit_bytes:
                    raise RecordingTooLarge(
                        f"recording {shown} has more than {limit_bytes} bytes",
                        "Raise CALLSIFT_AUDIO_RECORDING_LIMIT_MB if recordings of this size are meant",
                    )
                file.write(block)
    except FileNotFoundError as error:
        if isinstance(error.__cause__, aiohttp.ClientConnectionError):  # how fsspec reports an unreachable server
            raise _unreachable(shown, error.__cause__) from error
        raise RecordingMissing(
            f"no recording at {shown}", "Check the recording's address in the call-ended event, then replay it"
        ) from error
    except (ImportError, ValueError) as error:
        raise UnknownAddress(
            f"cannot fetch {shown}: no such scheme", "Use file, http, https or install the scheme's fsspec driver"
        ) from error
    except (OSError, aiohttp.ClientError, TimeoutError) as error:
        raise _unreachable(shown, error) from error


def _unreachable(shown: str, error: BaseException) -> RecordingUnreachable:
    return RecordingUnreachable(
        f"cannot fetch {shown}: {type(error).__name__}",
        "Check that this worker can reach the address and may read it",
    )
