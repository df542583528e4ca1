"""An export as long work: made by the operations worker, and downloaded when it is there."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from api.access import Principal, Requires, Right
from api.calls.csv_table import CSV
from api.calls.export import JSON_LINES, MEDIA_TYPES, ExportParameters
from api.operations.resource import LongWork, begin, operation_of
from api.problems import Problem
from api.services import Services, Used
from store.operations import Operation
from streams.payloads import EXPORTS

router = APIRouter(prefix="/v1", tags=["operations"])
Viewer = Annotated[Principal, Depends(Requires(Right.VIEW))]
PRINCIPALS = TypeAdapter(Principal)
"""How whoever asked is kept with the operation: the worker shows them what they may see, and nothing else."""
_BLOCK_BYTES = 1024 * 1024


@router.post("/calls:export", status_code=202)
async def begin_export(
    body: ExportParameters, who: Viewer, services: Used, request: Request, response: Response
) -> LongWork:
    """Have all calls that are meant written to a file, with the filters of lists; for what takes longer than a request.

    When it is done, ``GET /v1/operations/{operation_id}/result`` has the file, for you alone, for as long as the audio
    store keeps what it has.
    """
    body.query(who)  # what breaks a rule is refused now
    await services.audit.record(who, "export_asked", None, request)
    asked = body.model_dump_json(by_alias=True, exclude_defaults=True)
    kept = {"parameters": asked, "principal": PRINCIPALS.dump_json(who).decode(), "format": body.format}
    return await begin(services, who, "export", kept, response)


@router.get(
    "/operations/{operation_id}/result",
    response_class=StreamingResponse,
    responses={200: {"description": "The file of an export.", "content": {CSV: {}, JSON_LINES: {}}}},
)
async def download_export(operation_id: str, who: Viewer, services: Used, request: Request) -> StreamingResponse:
    """Download the file of an export that you asked for. Noted in the audit. ``Sunset`` says how long it is kept."""
    operation = await operation_of(services, who, operation_id)
    _require_theirs(operation, who)
    form: Literal["csv", "jsonl"] = operation.request["format"]
    name = EXPORTS.of_operation(operation.id, f".{form}")
    about = await services.audio.in_thread(partial(services.audio.about, name))
    if about is None:
        raise Problem("gone", "The file of this export is not kept any more", cure="Ask for the export again")
    size_bytes, written_at = about
    await services.audit.record(who, "exported", None, request)
    headers = {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f'attachment; filename="calls-{operation.id}.{form}"',
        "Cache-Control": "private, no-store",
    }
    if days := services.retention.audio_store_days:
        headers["Sunset"] = format_datetime(written_at + timedelta(days=days), usegmt=True)
    return StreamingResponse(_blocks(services, name, size_bytes), headers=headers, media_type=MEDIA_TYPES[form])


def _require_theirs(operation: Operation, who: Principal) -> None:
    """Refuse what is no export that is there, and whoever may not see all that is in it.

    Raises:
        Problem: not-found, forbidden or conflict.
    """
    if operation.kind != "export":
        raise Problem("not-found", "This operation has no file", cure="Its response says what came of it")
    asked = PRINCIPALS.validate_python(json.loads(operation.request["principal"]))
    if (asked.name, asked.scope) != (who.name, who.scope) or not asked.rights <= who.rights:
        raise Problem("forbidden", "The file is for whoever asked for it, as long as they may see as much")
    if operation.state != "succeeded":
        cure = "Ask for the export again" if operation.done else "Ask again when it is done"
        raise Problem("conflict", f"There is no file: the export is {operation.state}", cure=cure)


async def _blocks(services: Services, name: str, size_bytes: int) -> AsyncIterator[bytes]:
    for start in range(0, size_bytes, _BLOCK_BYTES):
        end = min(start + _BLOCK_BYTES, size_bytes)
        yield await services.audio.in_thread(partial(services.audio.part, name, start, end), end - start)
