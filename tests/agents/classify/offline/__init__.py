"""Tests of the offline classifier."""
