"""Archives for tests: of the demo model, and those that an attacker would make."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable

from tests.agents.demo_calls import SPEECH_MODEL

NAME = "vosk-model-tiny-tr-0.1"


def demo_zip(top: str = f"{NAME}/") -> bytes:
    """The demo model below a top folder, or without one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(SPEECH_MODEL.rglob("*")):
            archive.write(path, top + str(path.relative_to(SPEECH_MODEL)))
    return buffer.getvalue()


def demo_tar(mode: str) -> bytes:
    """The demo model below ``./NAME``; mode "w" or "w:gz"."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        archive.add(SPEECH_MODEL, f"./{NAME}")
    return buffer.getvalue()


def zip_of(*entries: tuple[str, bytes], mode: int = 0) -> bytes:
    """A zip archive of entries; ``mode`` is the Unix type and permissions of each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            info = zipfile.ZipInfo()
            info.filename, info.external_attr, info.compress_type = name, mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def tar_of(*entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """A tar archive of entries of one kind."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, link, len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


UNSAFE: dict[str, Callable[[], bytes]] = {
    "zip: upwards": lambda: zip_of(("model/../../escaped", b"x")),
    "zip: absolute": lambda: zip_of(("/tmp/callsift-escaped", b"x")),
    "zip: upwards as on Windows": lambda: zip_of(("model\\..\\..\\escaped", b"x")),
    "zip: link": lambda: zip_of(("model/link", b"../../escaped"), mode=stat.S_IFLNK | 0o777),
    "zip: device": lambda: zip_of(("model/device", b""), mode=stat.S_IFCHR | 0o666),
    "zip: a file for a folder": lambda: zip_of(("model", b"x"), ("model/final.mdl", b"x")),
    "zip: a control character": lambda: zip_of(("model/\x1b[2J", b"x")),
    "tar: upwards": lambda: tar_of(("../escaped", b"x")),
    "tar: absolute": lambda: tar_of(("/tmp/callsift-escaped", b"x")),
    "tar: symbolic link": lambda: tar_of(("model/link", b""), kind=tarfile.SYMTYPE, link="../../escaped"),
    "tar: hard link": lambda: tar_of(("model/link", b""), kind=tarfile.LNKTYPE, link="/etc/passwd"),
    "tar: character device": lambda: tar_of(("model/device", b""), kind=tarfile.CHRTYPE),
    "tar: block device": lambda: tar_of(("model/device", b""), kind=tarfile.BLKTYPE),
    "tar: pipe": lambda: tar_of(("model/pipe", b""), kind=tarfile.FIFOTYPE),
    "tar: a name twice": lambda: tar_of(("model/final.mdl", b"x"), ("model/final.mdl", b"y")),
    "zip: bomb": lambda: zip_of(("model/final.mdl", bytes(30_000_000))),
    "zip: bomb of many": lambda: zip_of(*((f"model/{number}", bytes(3_000_000)) for number in range(10))),
    "tar: bomb": lambda: tar_of(("model/final.mdl", bytes(30_000_000))),
    "zip: too many entries": lambda: zip_of(*((f"model/{number}", b"") for number in range(10_001))),
}
"""Makes them. Each must be refused with a limit of 20 MB."""
UNSAFE_MESSAGE = "the archive (holds|has|unpacks)"
"""Begins the error about each of them."""
