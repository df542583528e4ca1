"""Files that browsers load from us and keep: each address has a digest of the content in it."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
PATH = "/static"


class StaticFolder(StaticFiles):
    """The folder of such files."""

    def __init__(self) -> None:
        """Serve ``static/``."""
        super().__init__(directory=FOLDER)

    @staticmethod
    @cache
    def address(name: str) -> str:
        """Return the address of a file; another content has another one."""
        return f"{PATH}/{name}?v={hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, to be kept for a year where its address has the digest."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if scope["query_string"] else "no-cache"
        )
        return response
