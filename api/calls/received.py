"""What a request hands in: a call-ended event as JSON, or with its recording as multipart/form-data."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from api.bodies import Body
from api.problems import PlaceOfError, Problem, place_of
from schemas import CallEnded
from sources.observation import checked
from store.idempotency import Origin

UPLOADED = "upload://"
"""What stands in an event for the address of a recording that is uploaded with it."""
_LONGEST_SUFFIX = 8


@dataclass(frozen=True)
class Received:
    """A call, and the recordings that came with it."""

    content: Any
    """The call-ended event as it was sent; its recording names ``upload://PART`` where that part was uploaded."""
    files: dict[str, UploadFile]
    """By part: recording, or customer and agent. Empty: the event names an address."""
    fingerprint: str
    """Digest of all that was sent."""

    def event(self, origin: Origin) -> CallEnded:
        """Make the event; what it has to have and nobody said comes from the origin, and is the same for every try.

        Raises:
            Problem: It breaks a rule.
        """
        made = {"ended_at": origin.began_at.isoformat()}
        return event_of(made | self.content if self.files else self.content, origin.id)


@asynccontextmanager
async def received(request: Request, upload_limit_bytes: int) -> AsyncIterator[Received]:
    """Read what a request hands in; the files of an upload are gone after the block.

    Raises:
        Problem: It is of another kind, too large, or breaks a rule; or whoever sent it has gone.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            body = Body.of(request)
            largest_part, body.limit_bytes = body.limit_bytes, upload_limit_bytes
            body.setting = "CALLSIFT_API_UPLOAD_LIMIT_MB"
            async with request.form(max_files=2, max_fields=1, max_part_size=largest_part) as form:
                files = {name: part for name, part in form.items() if not isinstance(part, str)}
                yield await _uploaded(form.get("event"), files)
        elif kind in {"application/json", ""}:
            content = await request.body()
            yield Received(parsed(content), {}, hashlib.sha256(content).hexdigest())
        else:
            raise Problem("unsupported-media-type", "Expected application/json or multipart/form-data")
    except MultiPartException as error:
        raise Problem("bad-request", f"The form cannot be read: {error.message}") from None
    except ClientDisconnect:
        raise Problem("bad-request", "The request broke off") from None


def parsed(body: bytes) -> Any:
    """Read JSON.

    Raises:
        Problem: It is none.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Problem("bad-request", "The body is no JSON") from None


def event_of(content: Any, call_id: str) -> CallEnded:
    """Make an event of what was sent; without a ``call_id`` it gets this one.

    Raises:
        Problem: It breaks a rule.
    """
    if not isinstance(content, dict):
        raise Problem("invalid-request", "Expected an object", errors=[PlaceOfError(pointer="#", detail="an object")])
    try:
        return checked({"call_id": call_id} | content)
    except ValidationError as error:
        raise Problem("invalid-request", "The call breaks a rule", errors=places_of(error)) from None


def places_of(error: ValidationError, *before: str | int) -> list[PlaceOfError]:
    """Return where a body breaks rules; ``before`` leads to the part of it that was read."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [place_of({"loc": ("body", *before, *one["loc"]), "msg": one["msg"]}) for one in found]


def suffix_of(file: UploadFile) -> str:
    """Return the file name extension that a recording is uploaded with: some formats are known by nothing else."""
    suffix = PurePosixPath(file.filename or "").suffix
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= _LONGEST_SUFFIX else ""


async def _uploaded(event: object, files: dict[str, UploadFile]) -> Received:
    if files.keys() not in ({"recording"}, {"customer", "agent"}):
        places = [PlaceOfError(pointer=f"#/{name}", detail="a file") for name in ("recording", "customer", "agent")]
        raise Problem("invalid-request", "Expected the file recording, or customer and agent", errors=places)
    if empty := [name for name, file in files.items() if not file.size]:
        raise _wrong(empty[0], "a recording, and not an empty file")
    content = parsed(event.encode()) if isinstance(event, str) else {}
    if not isinstance(content, dict):
        raise _wrong("event", "an object")
    recording = content.get("recording", {})
    if not isinstance(recording, dict):
        raise _wrong("recording", "an object")
    addressed = content | {"recording": _addressed(recording, files)}
    return Received(addressed, files, await asyncio.to_thread(_fingerprint, content, files))


def _addressed(recording: dict[str, Any], files: Iterable[str]) -> dict[str, Any]:
    """Return the event's recording with the uploaded parts as its addresses."""
    if "recording" in files:
        return recording | {"uri": UPLOADED + "recording"}
    sides = {side: own if isinstance(own := recording.get(side), dict) else {} for side in files}
    return recording | {side: own | {"uri": UPLOADED + side} for side, own in sides.items()}


def _wrong(part: str, expected: str) -> Problem:
    return Problem(
        "invalid-request", f"Expected {expected} in {part}", errors=[PlaceOfError(pointer=f"#/{part}", detail=expected)]
    )


def _fingerprint(content: dict[str, Any], files: dict[str, UploadFile]) -> str:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name, file in sorted(files.items()):
        digest.update(name.encode())
        digest.update(hashlib.file_digest(file.file, "sha256").digest())  # type: ignore[arg-type] # typeshed's protocol
        file.file.seek(0)
    return digest.hexdigest()
