"""Making the copy that browsers play: the module that encodes. Runs in a child process."""

from pathlib import Path

from streams.errors import PermanentError

MODULES = ("api.recordings.encode", "av")
"""What the functions here import."""
_BITS_PER_S_OF_A_CHANNEL = 24_000
_OPTIONS = {"application": "voip", "compression_level": "0"}
# bitexact: no random identifiers inside, so that whoever makes it again makes the same bytes. The index comes first: a
# browser can seek before it has read the end.
_CONTAINER = {"fflags": "+bitexact", "cues_to_front": "1"}


class UnreadableSound(PermanentError):
    """The prepared audio is not the FLAC that it should be."""


def encode(flac: Path, copy: Path) -> None:
    """Write a copy of prepared audio: Opus in WebM, the channels as they are; block by block.

    Raises:
        UnreadableSound: The prepared audio is damaged.
    """
    import av  # noqa: PLC0415 - not in the API's own process

    try:
        with av.open(flac, format="flac") as source, av.open(copy, "w", format="webm", options=_CONTAINER) as target:
            read = source.streams.audio[0]
            written = target.add_stream("libopus", rate=read.rate, layout=read.layout.name, options=_OPTIONS)
            written.bit_rate = _BITS_PER_S_OF_A_CHANNEL * read.channels
            for frame in source.decode(read):
                target.mux(written.encode(frame))
            target.mux(written.encode(None))
    except (av.FFmpegError, IndexError, ValueError):  # by PyAV: no stream, or one without channels
        raise UnreadableSound(
            f"prepared audio of {flac.stat().st_size} bytes is not the FLAC it should be",
            "Replay the call-ended event so that it is made again",
        ) from None


def load() -> None:
    """Load what ``encode`` uses."""
    import av  # noqa: F401, PLC0415 - as above
