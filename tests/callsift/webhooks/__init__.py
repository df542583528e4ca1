"""Tests of the worker that posts outcomes to endpoints."""
