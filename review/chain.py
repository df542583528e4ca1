"""Lines that cannot be changed, left out or moved without its being seen: a hash chain with a signature at its end."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_START = "0" * 64


class BrokenChain(ValueError):
    """The lines are not those that were signed."""


def signed(entries: Iterable[Mapping[str, Any]], key: Ed25519PrivateKey | None) -> list[str]:
    """Return one line of JSON for each entry, each with the SHA-256 of the line before, then the signature's.

    Without a key the last line says that nobody signed: such lines are chained, and prove nothing to others.

    Raises:
        ValueError: An entry has a number that JSON has not.
    """
    lines, previous = [], _START
    for entry in entries:
        lines.append(_line({**entry, "previous": previous}))
        previous = _hash(lines[-1])
    if key is None:
        return [*lines, _line({"kind": "unsigned", "previous": previous, "lines": len(lines)})]
    signature = key.sign(_signed(previous, len(lines)))
    return [*lines, _last_line(previous, len(lines), key.public_key(), signature)]


def verified(lines: Sequence[str], key: Ed25519PublicKey) -> list[dict[str, Any]]:
    """Return the entries of lines that ``signed`` made with the private half of ``key``.

    Raises:
        BrokenChain: A line was changed, left out, added or moved, or another key signed. Says which line.
    """
    if not lines:
        raise BrokenChain("the report is empty")
    entries, previous = [], _START
    for number, line in enumerate(lines, 1):
        entry = _read(line, number)
        if entry.pop("previous", None) != previous:
            raise BrokenChain(f"line {number} does not follow the line before it: one of them is not as it was signed")
        previous = _hash(line)
        entries.append(entry)
    last = entries.pop()
    if last.get("kind") != "signature":
        raise BrokenChain(f"line {len(lines)} is no signature: the end of the report is missing")
    head, count = _hash(lines[-2]) if entries else _START, len(entries)
    try:
        signature = bytes.fromhex(last["ed25519"])
        key.verify(signature, _signed(head, count))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        raise BrokenChain("the signature is not one of this key over these lines") from None
    if lines[-1] != _last_line(head, count, key, signature):
        raise BrokenChain(f"line {len(lines)} says something else than its signature")
    return entries


def _last_line(head: str, lines: int, key: Ed25519PublicKey, signature: bytes) -> str:
    public = key.public_bytes_raw().hex()
    return _line({"kind": "signature", "previous": head, "lines": lines, "key": public, "ed25519": signature.hex()})


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _read(line: str, number: int) -> dict[str, Any]:
    try:
        line.encode()  # half of a surrogate pair is no text, and has no hash
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise BrokenChain(f"line {number} is no JSON object")
    return entry


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _signed(head: str, lines: int) -> bytes:
    return f"callsift review report, {lines} lines, {head}".encode()
