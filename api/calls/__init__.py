"""Calls: handing them in, asking for them, and saying what they were."""

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
"""The routes about calls."""
