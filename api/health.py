"""``/v1/health``: whether the API can do its work."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/v1", tags=["about"])


class ApiHealth(BaseModel):
    """How the API is."""

    status: Literal["ok"] = "ok"


@router.get("/health")
async def get_health() -> ApiHealth:
    """Tell that the API answers; nobody needs a key to ask."""
    return ApiHealth()
