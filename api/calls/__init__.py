"""Calls: handing them in, asking for them, and saying what they were."""

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
"""The routes about calls."""
