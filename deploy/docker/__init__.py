"""The images: their Dockerfile, and a check of its steps that needs no Docker."""
