"""When certificates end: read from their PEM files with nothing but the standard library."""

import base64
import binascii
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

_CERTIFICATE = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(.+?)-----END", re.DOTALL)
_VERSION = 0xA0
_FORMATS = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""UTCTime, and GeneralizedTime from 2050 on."""
_LONG_FORM = 0x80


class _Element(NamedTuple):
    tag: int
    content: bytes


def not_after(path: Path) -> list[datetime]:
    """Return when each certificate of a PEM file ends, in the file's order; other things in the file are skipped.

    Raises:
        OSError: The file cannot be read.
        ValueError: There is no certificate in it, or one that cannot be read.
    """
    found = [_not_after(body) for body in _CERTIFICATE.findall(path.read_bytes())]
    if not found:
        raise ValueError(f"no certificate in {path}")
    return found


def _not_after(body: bytes) -> datetime:
    """Walk to the second time of the validity (RFC 5280, 4.1)."""
    try:
        [certificate] = _elements(base64.b64decode(b"".join(body.split()), validate=True))
        facts = _elements(_elements(certificate.content)[0].content)
        _serial, _algorithm, _issuer, validity, *_ = (fact for fact in facts if fact.tag != _VERSION)
        _not_before, end = _elements(validity.content)
        return datetime.strptime(end.content.decode("ascii"), _FORMATS[end.tag]).replace(tzinfo=UTC)
    except (binascii.Error, IndexError, KeyError, UnicodeDecodeError, ValueError) as error:
        raise ValueError("expected an X.509 certificate") from error


def _elements(der: bytes) -> list[_Element]:
    """Return the elements of DER that follow one another.

    Raises:
        IndexError: The last one is cut off.
    """
    found, position = [], 0
    while position < len(der):
        length, start = der[position + 1], position + 2
        if length >= _LONG_FORM:
            start += length - _LONG_FORM
            length = int.from_bytes(der[position + 2 : start], "big")
        if start + length > len(der):
            raise IndexError
        found.append(_Element(der[position], der[start : start + length]))
        position = start + length
    return found
