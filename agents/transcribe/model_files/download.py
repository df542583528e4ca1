"""Downloading a model's archive: the module that talks to web servers. A download that broke off is continued."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from streams.errors import CallsiftError
from streams.payloads import public_address
from streams.resumption import OtherContent, asking_for_the_rest, first_byte, strong_tag
from streams.tls import checked_alike, distrust

_BLOCK_BYTES = 256 * 1024
_CONNECT_LIMIT_S = 10.0
_SILENCE_LIMIT_S = 60.0
_AGAIN = "Run the same command again: it goes on where it stopped, if the server can do that"
_TRUST = "Name a file with its authority in REQUESTS_CA_BUNDLE, or have the certificate issued anew"
_LARGER = "Raise --limit-mb if the model is really that large"

Progress = Callable[[int, int | None], None]
"""Told how many bytes are there and how many there will be; None: the server does not say."""


def download(url: str, part: Path, *, limit_bytes: int, time_limit_s: float, on_progress: Progress) -> None:
    """Download ``url`` to the file ``part``, going on where an earlier call stopped. Blocks.

    Continues only what the server marked with a strong ETag that is still the same; otherwise starts again. The ETag is
    kept beside the file.

    Args:
        url: Address, http or https.
        part: File to write. It holds the whole archive when this returns, and may hold a part of it when this raises.
        limit_bytes: How large the archive may be.
        time_limit_s: Seconds that the whole download may take.
        on_progress: Called after every block.

    Raises:
        CallsiftError: The server did not answer, refused, broke off, sent too much or took too long.
    """
    shown = public_address(url)
    if not url.lower().startswith(("http://", "https://")):
        raise CallsiftError(f"cannot download {shown}", "Name an address that begins with https:// or http://")
    deadline = time.monotonic() + time_limit_s
    have_bytes, tag = _there(part)
    headers = {"User-Agent": "callsift"} | asking_for_the_rest(have_bytes, tag)
    try:
        with (
            _session() as session,
            session.get(url, headers=headers, stream=True, timeout=(_CONNECT_LIMIT_S, _SILENCE_LIMIT_S)) as answer,
        ):
            hops = [url.lower(), *(hop.url for hop in (*answer.history, answer))]
            if hops[0].startswith("https:") and not all(hop.startswith("https:") for hop in hops):
                raise CallsiftError(
                    f"{shown} leads to an address without encryption", "Name the address that it leads to"
                )
            if have_bytes and answer.headers.get("Content-Range") == f"bytes */{have_bytes}":
                return  # nothing is missing
            have_bytes = _begin(answer, part, have_bytes, tag, shown)
            length = answer.headers.get("Content-Length", "")
            total_bytes = have_bytes + int(length) if length.isdecimal() else None
            with part.open("ab") as file:
                while block := answer.raw.read1(_BLOCK_BYTES, decode_content=False):
                    file.write(block)
                    have_bytes += len(block)
                    on_progress(have_bytes, total_bytes)
                    if have_bytes > limit_bytes:
                        forget(part)
                        raise CallsiftError(f"{shown} has more than {limit_bytes} bytes", _LARGER)
                    if time.monotonic() > deadline:
                        raise CallsiftError(f"{shown} took more than {time_limit_s:.0f} s", _AGAIN)
    except requests.RequestException as error:
        why = distrust(error)
        raise CallsiftError(
            f"cannot download {shown}: {why or type(error).__name__}",
            _TRUST if why else f"Check that this machine reaches it. {_AGAIN}",
        ) from None  # the library's text holds the whole address
    except urllib3.exceptions.HTTPError as error:  # also fewer bytes than the server said
        reason = type(error).__name__
        raise CallsiftError(f"{shown} broke off after {have_bytes} bytes: {reason}", _AGAIN) from None


class _Adapter(HTTPAdapter):
    """Connections over TLS, whose certificates are checked as everywhere."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """Give every connection one context, which takes the authorities that requests knows."""
        super().init_poolmanager(*arguments, **named, ssl_context=checked_alike(create_urllib3_context()))


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("https://", _Adapter())
    return session


def forget(part: Path) -> None:
    """Remove what was downloaded, so that the next download starts from the beginning."""
    part.unlink(missing_ok=True)
    _tag_file(part).unlink(missing_ok=True)


def _begin(answer: requests.Response, part: Path, have_bytes: int, tag: str | None, shown: str) -> int:
    """Return how many of the bytes on disk the answer goes on from; an answer from the start empties the file."""
    status = answer.status_code
    try:
        begins = first_byte(status, answer.headers, have_bytes, tag)
    except OtherContent:
        forget(part)
        raise CallsiftError(
            f"{shown} is not what it was when its download began", "Run the same command again"
        ) from None
    if begins is None:
        cure = _AGAIN if status >= 500 or status == requests.codes.too_many_requests else "Check the address"
        raise CallsiftError(f"cannot download {shown}: status {status}", cure)
    if begins == 0:
        forget(part)
        part.touch()
        if new_tag := strong_tag(answer.headers):
            _tag_file(part).write_text(new_tag, encoding="latin-1")
    return begins


def _there(part: Path) -> tuple[int, str | None]:
    """Return how many bytes are there to go on from, and the tag of what they are a part of."""
    if not (_tag_file(part).exists() and part.exists()):
        return 0, None
    return part.stat().st_size, _tag_file(part).read_text(encoding="latin-1")


def _tag_file(part: Path) -> Path:
    return part.with_suffix(".etag")
