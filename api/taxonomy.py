"""``/v1/taxonomy`` and ``/v1/taxonomies``: the categories that calls are put into."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from api.access import Principal, Requires, Right
from schemas import Taxonomies, Taxonomy

router = APIRouter(prefix="/v1", tags=["about"])
Viewing = Annotated[Principal, Depends(Requires(Right.VIEW))]


class AllTaxonomies(BaseModel):
    """The taxonomies in use."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    taxonomies: tuple[Taxonomy, ...]
    """Each of them, the default one first. An outcome names its own by ``versions.taxonomy``."""


@router.get("/taxonomy")
async def get_taxonomy(_: Viewing) -> Taxonomy:
    """Return the categories and sub-categories, with what each means. Of several taxonomies it is the default one."""
    return Taxonomies.load().default


@router.get("/taxonomies")
async def list_taxonomies(_: Viewing) -> AllTaxonomies:
    """Return all taxonomies in use: one, unless a call's queue or metadata chooses among several."""
    return AllTaxonomies(taxonomies=Taxonomies.load().all)
