"""Tests of bringing and checking speech models."""
