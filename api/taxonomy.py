"""``/v1/taxonomy``: the categories that calls are put into."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.access import Principal, Requires, Right
from schemas import Taxonomy

router = APIRouter(prefix="/v1", tags=["about"])


@router.get("/taxonomy")
async def get_taxonomy(_: Annotated[Principal, Depends(Requires(Right.VIEW))]) -> Taxonomy:
    """Return the categories and sub-categories, with what each means."""
    return Taxonomy.load()
