"""What a file is opened as: audio containers alone, and files without a header as their name or the event says."""

from pathlib import Path

from schemas import SoundFormat

CONTAINERS = (
    *("wav", "w64", "flac", "ogg", "mp3", "aac", "ac3", "mov", "matroska", "asf", "avi", "aiff", "au", "caf", "amr"),
    *("amrnb", "amrwb", "gsm", "g722", "g726", "g726le", "g723_1", "g729", "ilbc", "voc", "nistsphere", "sox", "xwma"),
    *("ircam", "wv", "tta", "ape", "mpeg", "mpegts", "flv", "rm", "dsf", "bit"),
)
"""FFmpeg's names. Everything else that it knows opens other files, or has no sound: playlists, lists of files
(ffconcat), images, subtitles."""

_HEADERS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"ID3", b"caff", b"FORM", b".snd", b"\x1aE\xdf\xa3")
"""How files begin that have a header, whatever their name says."""

_ENCODINGS = {"ulaw": "mulaw", "alaw": "alaw", "s16le": "s16le", "s16be": "s16be"}

_ASTERISK_S16_HZ = {
    ".sln": 8000,
    ".raw": 8000,
    **{f".sln{kilo}": 1000 * kilo for kilo in (12, 16, 24, 32, 48, 96, 192)},
    ".sln44": 44_100,
}
"""Signed linear in Asterisk's files without a header (formats/format_sln.c); ``.raw`` is another name of ``.sln``."""

_BY_NAME = (
    {suffix: SoundFormat(encoding="ulaw") for suffix in (".ul", ".ulaw", ".pcm", ".mu", ".mulaw")}
    | {suffix: SoundFormat(encoding="alaw") for suffix in (".al", ".alaw")}
    | {suffix: SoundFormat(encoding="s16le", sample_rate_hz=rate) for suffix, rate in _ASTERISK_S16_HZ.items()}
)
"""``.pcm``, ``.ulaw``, ``.ul``, ``.mu``: formats/format_pcm.c."""


def without_header(path: Path, said: SoundFormat | None) -> SoundFormat | None:
    """Return the format of a file that has no header: as the event says, else as its name does; None: it has one."""
    found = said or _BY_NAME.get(path.suffix.lower())
    if found is None:
        return None
    with path.open("rb") as file:
        return None if file.read(4).startswith(_HEADERS) else found


def demuxer(found: SoundFormat | None) -> tuple[str | None, dict[str, str]]:
    """Return the container and the options that FFmpeg opens a file with; None: it finds the container out."""
    if found is None:
        return None, {"format_whitelist": ",".join(CONTAINERS)}
    layout = {1: "mono", 2: "stereo"}.get(found.channels, f"{found.channels}c")
    return _ENCODINGS[found.encoding], {"sample_rate": str(found.sample_rate_hz), "ch_layout": layout}
