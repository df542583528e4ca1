"""Calls: handing them in, asking for them, and saying what they were."""

from fastapi import APIRouter

from api.calls import export, listing, reading

ROUTERS: tuple[APIRouter, ...] = (
    listing.router,
    export.router,
    reading.router,
)
"""The routes about calls."""
