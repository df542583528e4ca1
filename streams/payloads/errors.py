"""What can go wrong with the audio store, and which of it a driver's failure is."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from streams.errors import PermanentError, TransientError
from streams.tls import distrust

_CURE = "Check CALLSIFT_AUDIO_STORE_URI and that this worker may read and write there"
_ROOM = "Make room on the store's disk, or on that of the temporary folder (TMPDIR), where what is read is put"
_TRUST = "Name a file with its authority to the driver (S3: AWS_CA_BUNDLE), or have the certificate issued anew"


class PayloadGone(PermanentError):
    """What a claim check names is not in the store, or is not what was put there."""


class AudioStoreUnavailable(TransientError):
    """The store did not answer."""

    dependency = "the audio store"


class UnknownScheme(PermanentError):
    """There is no driver for an address."""


_SHOWN = 500
"""Characters of an address; errors end in logs and dead letters."""


def public_address(uri: str) -> str:
    """Return an address as it may be shown: without credentials and without a query, where signatures are.

    It may be cut, and of ``data:``, which is a recording itself, only the scheme is left.
    """
    shown = _public(uri)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _public(uri: str) -> str:
    if "::" in uri.split("[", maxsplit=1)[0]:  # fsspec's chain of addresses; in brackets it is IPv6
        return "::".join(_public(part) for part in uri.split("::"))
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    if parts.scheme == "data":
        return "data:…"
    if not parts.scheme:
        return parts.path.rsplit("@", maxsplit=1)[-1]
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path.rsplit('@', maxsplit=1)[-1]}"


def too_late(uri: str, limit_s: float) -> AudioStoreUnavailable:
    """Return the error for a store that did not answer in time."""
    return AudioStoreUnavailable(f"no answer from {public_address(uri)} within {limit_s:.3g} s", _CURE)


def understood(doing: str, uri: str, error: Exception) -> AudioStoreUnavailable | UnknownScheme:
    """Name a driver's failure without its text, which may hold a signed address."""
    why = distrust(error)  # asked first: in aiohttp, which drivers are made with, such an error is a ValueError, too
    if why is not None:
        return AudioStoreUnavailable(f"cannot {doing} {public_address(uri)}: {why}", _TRUST)
    if isinstance(error, ImportError | ValueError):
        scheme = urlsplit(uri).scheme
        cure = f"Install the fsspec driver for {scheme} beside callsift"
        return UnknownScheme(f"no fsspec driver for {scheme}://", cure)
    if why is not None:
        return AudioStoreUnavailable(f"cannot {doing} {public_address(uri)}: {why}", _TRUST)
    number = error.errno if isinstance(error, OSError) else None
    reason = type(error).__name__
    if number is not None and number in errno.errorcode:  # some drivers put a status there
        reason = os.strerror(number)
    cure = _ROOM if number == errno.ENOSPC else _CURE
    return AudioStoreUnavailable(f"cannot {doing} {public_address(uri)}: {reason}", cure)


@contextmanager
def reading(uri: str) -> Iterator[None]:
    """Name the failures of fsspec's many drivers."""
    shown = public_address(uri)
    try:
        yield
    except FileNotFoundError as error:
        raise PayloadGone(f"{shown} is gone", "Replay the call-ended event so that the audio is made again") from error
    except Exception as error:
        raise understood("read", uri, error) from error
