"""Fetching a recording from an address that came from outside (docs/fetching.md)."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver

from agents.audio.fetch_settings import FetchSettings
from agents.audio.fetching.allowlist import Allowlist
from agents.audio.fetching.download import Download, what_is_no_recording
from agents.audio.fetching.errors import missing, understood, unreachable
from agents.audio.fetching.files import copy_file, open_beneath, open_with_driver
from agents.audio.fetching.web import WebSource
from streams.payloads import public_address
from streams.threads import Threads

_THREADS = 32  # a hung network file system or bucket keeps some for a while

IDLE_LIMIT_S = 30.0
"""Seconds without anything new after which a transfer is given up."""


class Fetcher:
    """Copies recordings to files. Many may be fetched at once; nothing blocks the event loop."""

    def __init__(
        self, settings: FetchSettings, resolver: AbstractResolver | None = None, *, idle_limit_s: float = IDLE_LIMIT_S
    ) -> None:
        """Read the settings; connections come with the first fetch.

        Args:
            settings: What may be fetched, and how.
            resolver: Asks for the addresses of web hosts instead of the system's name service.
            idle_limit_s: Seconds without a byte, or through a driver without a block of a megabyte, that are too many.

        Raises:
            SettingsError: A certificate cannot be used.
        """
        self._settings = settings
        self._allowlist = Allowlist(settings)
        self._idle_limit_s = idle_limit_s
        self._web = WebSource(settings, self._allowlist, resolver, idle_limit_s)
        self._threads = Threads("fetch", _THREADS)

    async def fetch(self, uri: str, target: Path) -> None:
        """Copy the recording at ``uri`` to the file ``target``: whole, or an error.

        Raises:
            RecordingMissing: There is no such file, yet.
            RecordingUnreachable: The place did not answer, or not to the end or in time.
            RecordingRefused: The place refuses this recording.
            RecordingTooLarge: It has more bytes than the settings allow.
            UnknownAddress: No address, or of a scheme without a driver.
            AddressNotAllowed: The settings do not allow it.
        """
        shown = public_address(uri)
        deadline = asyncio.timeout(self._settings.time_limit_s)
        try:
            async with deadline:
                await self._copy(uri, target, shown)
        except TimeoutError:
            if deadline.expired():
                cure = "Raise CALLSIFT_FETCH_TIME_LIMIT_S if it is only large, or look at what holds the place up"
                raise unreachable(shown, f"not whole after {self._settings.time_limit_s:g} s", cure) from None
            raise unreachable(shown, f"nothing came for {self._idle_limit_s:g} s") from None
        except Exception as error:  # noqa: BLE001 - every driver has errors of its own
            raise understood(error, shown) from None  # the library's text holds the whole address

    async def close(self) -> None:
        """Close the connections and take no more threads."""
        await self._web.close()
        self._threads.close()

    async def _copy(self, uri: str, target: Path, shown: str) -> None:
        scheme = self._allowlist.scheme(uri)
        limit_bytes = self._settings.recording_limit_mb * 1024 * 1024
        with await self._threads.run(lambda: target.open("wb")) as file:
            download = Download(file, limit_bytes, shown, self._threads)
            if scheme in {"http", "https"}:
                await self._web.copy(uri, download, shown)
            elif scheme == "file":
                await self._copy_file(partial(open_beneath, uri, self._settings.file_roots), download, shown)
            else:
                self._allowlist.guard.check_name(urlsplit(uri).hostname or "", shown)
                await self._copy_file(partial(open_with_driver, scheme, uri), download, shown)
            if scheme != "file" and (instead := what_is_no_recording(download.begins)):
                raise missing(shown, instead)

    async def _copy_file(self, open_source: Callable[[], BinaryIO], download: Download, shown: str) -> None:
        source = await self._threads.run(open_source, self._idle_limit_s)
        await copy_file(source, download, shown, self._idle_limit_s, self._threads)
