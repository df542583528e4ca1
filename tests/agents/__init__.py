"""Tests of the stages' work."""
