"""The routes about calls. Not in ``__init__``: what routes need imports from this folder, too."""

from fastapi import APIRouter

from api.calls import export, facts, labels, listing, reading, submit

ROUTERS: tuple[APIRouter, ...] = (
    submit.router,
    listing.router,
    export.router,
    reading.router,
    labels.router,
    facts.router,
)
