"""Writing an export: into a file here, then as a whole into the audio store. Done again, it replaces itself."""

import asyncio
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from api.calls.export import A_PAGE, ExportParameters, written
from api.operations.exports import PRINCIPALS
from callsift.operations.task import Task
from store.database import Database
from store.search import CallSearch
from store.settings import StoreSettings
from streams.payloads import EXPORTS, ClaimCheckStore

_SHOWN_EVERY = 2000


def write_export(task: Task, mongo: StoreSettings, audio: ClaimCheckStore) -> dict[str, Any]:
    """Write the calls that were asked for, as whoever asked may see them; returns how many, and how large the file is.

    Raises:
        CallsiftError: The store or the audio store did not answer.
    """
    asked = task.operation.request
    parameters = ExportParameters.model_validate_json(asked["parameters"])
    who = PRINCIPALS.validate_json(asked["principal"])

    async def calls(path: Path) -> int:
        count = shown = 0
        with closing(Database(mongo)) as database, path.open("w", encoding="utf-8", newline="") as file:
            pages = CallSearch(database).pages(parameters.query(who), A_PAGE)
            async for text, more in written(pages, who, parameters.format):
                file.write(text)
                count += more
                if count >= shown + _SHOWN_EVERY:
                    shown = count
                    await asyncio.to_thread(task.show, calls=count)  # it has a loop of its own
        return count

    task.show(calls=0)
    with tempfile.TemporaryDirectory(prefix="callsift-") as folder:
        path = Path(folder, "export")
        count = asyncio.run(calls(path))
        task.show(calls=count)
        stored = audio.put_file(EXPORTS.of_operation(task.operation.id, f".{parameters.format}"), path)
    return {"calls": count, "size_bytes": stored.size_bytes, "sha256": stored.sha256}
