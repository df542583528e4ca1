"""Tests of the transcribe stage."""
