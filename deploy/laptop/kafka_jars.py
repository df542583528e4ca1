"""The jars of Apache Kafka from Maven Central, fetched once, and the Java that runs them."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from streams.errors import CallsiftError

_POM = Path(__file__).parent / "kafka" / "pom.xml"
_OLDEST_JAVA = 17
_FETCH_LIMIT_S = 600.0


class CannotRunKafka(CallsiftError):
    """This machine lacks what Kafka needs."""


def version() -> str:
    """Return Kafka's version, as the pom has it."""
    found = ElementTree.parse(_POM).findtext(".//{*}kafka.version")  # noqa: S314 - a file of our own
    assert found is not None, _POM
    return found


def java() -> tuple[str, str]:
    """Return the path of Java, and a short digest of its version.

    Raises:
        CannotRunKafka: There is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    path = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if path is None:
        raise CannotRunKafka("there is no java", f"Install a Java {_OLDEST_JAVA} runtime or newer, or set JAVA_HOME")
    said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    major = re.search(r'version "(\d+)', said)
    if major is None or int(major[1]) < _OLDEST_JAVA:
        found = said.splitlines()[0] if said else "no version"
        raise CannotRunKafka(f"expected Java {_OLDEST_JAVA} or newer, found {found}", "Install it, or set JAVA_HOME")
    return path, hashlib.sha256(said.encode()).hexdigest()[:12]


def jars() -> list[Path]:
    """Return Kafka's jars, fetched with Maven unless they are there already.

    Raises:
        CannotRunKafka: They are not there and Maven is missing or fails.
    """
    return fetched(_POM, _folder())


def fetched(pom: Path, folder: Path) -> list[Path]:
    """Return the jars that a pom names, from ``folder``, filled with Maven once; several processes may ask at once.

    Raises:
        CannotRunKafka: They are not there and Maven is missing or fails.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f".{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():  # nobody was faster
                _fetch(pom, folder)
    found = sorted(folder.glob("*.jar"))
    if not found:
        raise CannotRunKafka(f"no jar in {folder}", "Remove the folder, or let KAFKA_JARS name another")
    return found


def archive(java_digest: str) -> Path:
    """Return where the class-data archive for this Java belongs; it halves the start and may be missing."""
    return _folder() / f"classes-{java_digest}.jsa"


def _folder() -> Path:
    named = os.environ.get("KAFKA_JARS")
    return Path(named) if named else Path.home() / ".cache" / "callsift" / f"kafka-{version()}"


def _fetch(pom: Path, folder: Path) -> None:
    """Fill a draft and give it its name in one step, so that an interrupted fetch leaves no half of a folder."""
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotRunKafka(f"no jars in {folder}, and there is no mvn to fetch them", "Install Maven")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as draft:
        command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
        command.append(f"-DoutputDirectory={draft}/jars")
        try:
            subprocess.run(command, capture_output=True, text=True, check=True, timeout=_FETCH_LIMIT_S)
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stdout", "") or "").strip().splitlines()
            reason = next((line for line in said if "ERROR" in line), str(error))
            raise CannotRunKafka(
                f"Maven cannot fetch the jars: {reason}", "Check that Maven Central is reachable"
            ) from error
        (Path(draft) / "jars").rename(folder)
