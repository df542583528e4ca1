"""Recognisers that are asked over a connection: OpenAI's protocol, and Google's (docs/recognisers.md)."""
