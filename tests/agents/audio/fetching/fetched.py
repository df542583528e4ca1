"""Fetching for tests: one recording with the settings at hand, and names that no name server knows."""

import socket
from pathlib import Path
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching import Fetcher
from agents.audio.fetching.fetcher import IDLE_LIMIT_S

SMALL = b"RIFF" + bytes(range(256)) * 40


class Names(AbstractResolver):
    """Knows the given names alone."""

    def __init__(self, **addresses: list[str]) -> None:
        self.addresses = {name.replace("_", "."): found for name, found in addresses.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses[host]
        ]

    async def close(self) -> None:
        """There is nothing to close."""


async def fetched(
    uri: str, target: Path, names: Names | None = None, *, idle_limit_s: float = IDLE_LIMIT_S, **settings: Any
) -> bytes:
    """Fetch one recording and return its bytes."""
    fetcher = Fetcher(FetchSettings(**settings), names, idle_limit_s=idle_limit_s)
    try:
        await fetcher.fetch(uri, target)
    finally:
        await fetcher.close()
    return _content(target)


def _content(target: Path) -> bytes:
    return target.read_bytes()
