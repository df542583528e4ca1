"""Fetching a recording: the module that talks to fsspec about addresses that came from outside."""

from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import aiohttp
import fsspec

from streams.claim_check import public_address
from streams.errors import CallsiftError, PermanentError, TransientError

_BLOCK_BYTES = 1024 * 1024


class RecordingMissing(TransientError):
    """There is nothing at the address yet; right after hang-up the PBX may still be writing."""


class RecordingGone(PermanentError):
    """There is nothing at the address, and the call ended long ago."""


class RecordingUnreachable(TransientError):
    """The place where the recording should be did not answer."""

    dependency = "the recordings"
    one_event_tells = False  # each event names its own place


class RecordingRefused(TransientError):
    """The place refuses this recording: a signature that has expired, a permission that is missing."""


class RecordingTooLarge(PermanentError):
    """The recording is larger than the setting allows."""


class UnknownAddress(PermanentError):
    """The address is none, or of a scheme without a driver."""


def fetch(uri: str, target: Path, limit_bytes: int) -> None:
    """Copy the recording at ``uri`` (any scheme with an fsspec driver) to the file ``target``. Blocks.

    Raises:
        RecordingMissing: There is no such file, yet.
        RecordingUnreachable: The place did not answer, or refused.
        RecordingTooLarge: More than ``limit_bytes``.
        UnknownAddress: No address, or of a scheme without a driver.
    """
    shown = public_address(uri)
    try:
        urlsplit(uri).port  # noqa: B018 - reading it checks it
    except ValueError:
        raise _no_address(shown) from None
    # fsspec's chains ("filecache::https://…") are for code, not for addresses from outside
    if "::" in uri.split("//", maxsplit=1)[0]:
        raise UnknownAddress(f"cannot fetch {shown}: a chain of addresses", "Name one address")
    # without a block size, fsspec reads http in ranges, which not every server can answer
    options = {"block_size": 0} if uri.startswith(("http://", "https://")) else {}
    try:
        with fsspec.open(uri, "rb", **options) as source, target.open("wb") as file:
            _copy(source, file, limit_bytes, shown)
    except (OSError, aiohttp.ClientError, TimeoutError) as error:
        raise _understood(error, shown) from None  # the library's text holds the whole address
    except (ImportError, ValueError):
        raise _no_address(shown) from None
    except CallsiftError:
        raise
    except Exception as error:  # noqa: BLE001 - every driver has errors of its own
        raise _understood(error, shown) from None


def _copy(source: BinaryIO, file: BinaryIO, limit_bytes: int, shown: str) -> None:
    size_bytes = 0
    while block := source.read(_BLOCK_BYTES):
        size_bytes += len(block)
        if size_bytes > limit_bytes:
            raise RecordingTooLarge(
                f"recording {shown} has more than {limit_bytes} bytes",
                "Raise CALLSIFT_AUDIO_RECORDING_LIMIT_MB if recordings of this size are meant",
            )
        file.write(block)


def _understood(error: BaseException, shown: str) -> PermanentError | TransientError:
    """Name the kind of a failure; fsspec reports every failure of http as a file that is not found."""
    cause = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ else error
    if isinstance(cause, ValueError):  # an address that aiohttp cannot read
        return _no_address(shown)
    status = cause.status if isinstance(cause, aiohttp.ClientResponseError) else None
    if status in {404, 410} or isinstance(cause, FileNotFoundError):
        return RecordingMissing(
            f"no recording at {shown}", "Check the recording's address in the call-ended event, then replay it"
        )
    reason = f"status {status}" if status else type(cause).__name__
    refused = status is not None and status < 500 and status != 429  # an answer about this recording alone
    kind = RecordingRefused if refused else RecordingUnreachable
    return kind(f"cannot fetch {shown}: {reason}", "Check that this worker can reach the address and may read it")


def _no_address(shown: str) -> UnknownAddress:
    return UnknownAddress(
        f"cannot fetch {shown}: no such scheme, or no address at all",
        "Use file, http, https, or install the scheme's fsspec driver beside callsift",
    )
