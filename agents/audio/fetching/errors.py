"""What can go wrong with fetching a recording, and which of it a library's failure is."""

import errno
import os

import aiohttp

from streams.errors import CallsiftError, PermanentError, TransientError
from streams.host_guard import UnknownAddress
from streams.tls import distrust


class RecordingMissing(TransientError):
    """There is nothing at the address yet; right after hang-up the PBX may still be writing."""


class RecordingGone(PermanentError):
    """There is nothing at the address, and the call ended long ago."""


class RecordingUnreachable(TransientError):
    """The server, bucket or file system of the recording did not answer, or not with the whole of it."""

    dependency = "the recordings"
    one_event_tells = False  # each event names its own place


class RecordingRefused(TransientError):
    """The place refuses this recording: a signature that has expired, a permission that is missing."""


class RecordingTooLarge(PermanentError):
    """The recording is larger than the setting allows."""


_CHECK = "Check that this worker can reach the address and may read it"
_ROOM = "Make room in the temporary folder (TMPDIR), or lower CALLSIFT_RUNNER_WINDOW_SIZE"
CORRECT = (
    "Correct the address in the event's recording: file, http, https, or a scheme whose fsspec driver is installed "
    "beside callsift"
)
"""What is done about what is no address."""
_TRUST = "Name its authority in CALLSIFT_FETCH_TLS, or have the certificate issued anew (docs/fetching.md)"


def no_address(shown: str, why: str = "no such scheme, or no address at all") -> UnknownAddress:
    """Return the error for what is no address, or has a scheme that no driver here reads."""
    return UnknownAddress(f"cannot fetch {shown}: {why}", CORRECT)


def missing(shown: str, found: str = "") -> RecordingMissing:
    """Return the error for an address with nothing behind it, or with what stands there until the recording does."""
    return RecordingMissing(
        f"no recording at {shown}" + (f", found {found}" if found else ""),
        "Check the recording's address in the call-ended event, then replay it",
    )


def refused(shown: str, reason: str) -> RecordingRefused:
    """Return the error for an answer that is about this recording alone."""
    return RecordingRefused(f"cannot fetch {shown}: {reason}", _CHECK)


def unreachable(shown: str, reason: str, cure: str = _CHECK) -> RecordingUnreachable:
    """Return the error for a place that gave no answer, or half of one."""
    return RecordingUnreachable(f"cannot fetch {shown}: {reason}", cure)


def cut_short(shown: str, size_bytes: int, expected_bytes: int) -> RecordingUnreachable:
    """Return the error for a transfer that ended before its announced end."""
    return unreachable(shown, f"the transfer ended after {size_bytes} of {expected_bytes} bytes")


def bad_status(shown: str, status: int) -> CallsiftError:
    """Return the error that an HTTP status stands for."""
    if status in {202, 204, 404, 410}:
        return missing(shown, f"status {status}")
    away = status >= 500 or status == 429
    return (unreachable if away else refused)(shown, f"status {status}")


def understood(error: Exception, shown: str) -> CallsiftError:
    """Name the kind of a library's failure. Its own text is left out: it may hold the whole address."""
    if why := distrust(error):
        return unreachable(shown, why, _TRUST)
    found: CallsiftError
    reason = type(error).__name__
    if isinstance(error, OSError) and error.errno:
        reason += f" ({os.strerror(error.errno)})"
    match error:
        case CallsiftError():
            found = error
        case FileNotFoundError():
            found = missing(shown)
        case OSError(errno=errno.ENOSPC):
            found = unreachable(shown, reason, _ROOM)
        case PermissionError():
            found = refused(shown, reason)
        case aiohttp.InvalidURL() | ImportError():
            found = no_address(shown)
        case aiohttp.ClientError():  # before ValueError: some are one, too
            found = unreachable(shown, reason)
        case ValueError():
            found = no_address(shown, "it cannot be read; a bracket, a port or a host in it is none")
        case _:  # every driver has errors of its own
            found = unreachable(shown, reason)
    return found
