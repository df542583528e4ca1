"""The claim check: payloads too large for Kafka lie in a store, and events carry where (docs/audio-store.md)."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from schemas import ClaimCheck
from streams.errors import PermanentError, TransientError


class PayloadGone(PermanentError):
    """What a claim check names is not in the store, or is not what was put there."""


class StoreUnavailable(TransientError):
    """The store did not answer."""

    dependency = "the audio store"


class UnknownScheme(PermanentError):
    """There is no driver for an address."""


def public_address(uri: str) -> str:
    """Return an address as it may be shown: without credentials and without a query, where signatures are."""
    if "::" in uri.split("[", maxsplit=1)[0]:  # fsspec's chain of addresses; in brackets it is IPv6
        return "::".join(public_address(part) for part in uri.split("::"))
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    if not parts.scheme:
        return parts.path.rsplit("@", maxsplit=1)[-1]
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path.rsplit('@', maxsplit=1)[-1]}"


class ClaimCheckStore:
    """A folder or bucket, through fsspec. Its methods block: call them in a thread."""

    def __init__(self, uri: str) -> None:
        """Name the store: ``file://`` on one machine, ``s3://`` and the like where workers run on several."""
        self._root = uri.rstrip("/")

    def put(self, name: str, payload: bytes) -> ClaimCheck:
        """Store ``payload`` under ``name``, replacing what was there: a reader sees the old or the new, never a part.

        Raises:
            UnknownScheme: No driver for the store's scheme is installed.
            StoreUnavailable: The store did not take it.
        """
        uri = f"{self._root}/{name}"
        try:
            filesystem, path = fsspec.core.url_to_fs(uri)
            filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            if isinstance(filesystem, LocalFileSystem):  # an object store replaces as a whole by itself
                draft = f"{path}.{uuid4().hex}"
                try:
                    filesystem.pipe_file(draft, payload)
                    Path(draft).replace(path)
                finally:
                    Path(draft).unlink(missing_ok=True)
            else:
                filesystem.pipe_file(path, payload)
        except (ImportError, ValueError) as error:
            raise _no_driver(uri) from error
        except Exception as error:
            raise StoreUnavailable(f"cannot write {public_address(uri)}: {type(error).__name__}", _CURE) from error
        return ClaimCheck(uri=uri, size_bytes=len(payload), sha256=hashlib.sha256(payload).hexdigest())

    @staticmethod
    def get(claim: ClaimCheck) -> bytes:
        """Return the payload of a claim check.

        Raises:
            PayloadGone: It is not there any more, or not the same.
            StoreUnavailable: The store did not answer.
        """
        shown = public_address(claim.uri)
        try:
            with fsspec.open(claim.uri, "rb") as file:
                payload: bytes = file.read()
        except (ImportError, ValueError) as error:
            raise _no_driver(claim.uri) from error
        except FileNotFoundError as error:
            raise PayloadGone(
                f"{shown} is gone", "Replay the call-ended event so that the audio is made again"
            ) from error
        except Exception as error:
            raise StoreUnavailable(f"cannot read {shown}: {type(error).__name__}", _CURE) from error
        if hashlib.sha256(payload).hexdigest() != claim.sha256:
            raise PayloadGone(f"{shown} has other bytes than were stored", "Replay the call-ended event")
        return payload


_CURE = "Check CALLSIFT_AUDIO_STORE_URI and that this worker may read and write there"


def _no_driver(uri: str) -> UnknownScheme:
    scheme = urlsplit(uri).scheme
    return UnknownScheme(f"no fsspec driver for {scheme}://", f"Install the fsspec driver for {scheme} beside callsift")
