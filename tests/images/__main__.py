"""``python -m tests.images``, ``make images-check``: proves the Dockerfile's steps without Docker.

The same commands as in the Dockerfile build the wheel and fill an empty virtual environment for each image. There the
image's worker starts against an embedded broker and store until it is ready, its HEALTHCHECK is asked, and SIGTERM
ends it. What has to be writable is counted, and so are megabytes on disk and in memory.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from callsift.commands.output import notes, print_json, print_table
from callsift.demo_files import TEST_CALL
from streams.errors import CallsiftError
from tests.images.dockerfile import TOOLS_COMMAND, Image, argument, images
from tests.images.trial import TOOLS, CheckFailed, start, use_tools

ROOT = Path(__file__).parents[2]
DATA_FILES = (
    "agents/classify/offline/model.npz",
    "agents/classify/hosted/prompt.md",
    "agents/transcribe/languages/en/redaction/given_names.txt",
    "agents/transcribe/languages/en/redaction/places.txt",
    "agents/transcribe/languages/en/redaction/surnames.txt",
    "agents/transcribe/languages/tr/redaction/given_names.txt",
    "agents/transcribe/languages/tr/redaction/surnames.txt",
    "callsift/commands/new_taxonomy.yaml",
    "callsift/evaluation/report.html",
    "callsift/trial/page.html",
    "callsift/word_errors/page.html",
    "pages/static/page.css",
    "pages/static/vendor/htmx.min.js",
    "pages/summary/mail.html",
    "pages/templates/layout.html",
    "pages/words/en.yaml",
    "pages/words/tr.yaml",
    "schemas/taxonomy.yaml",
    "sources/mapping/presets/twilio.yaml",
)
"""What the code reads beside itself, so that a wheel without it is broken."""
_NO_COMPILER = {"CC": "false", "CXX": "false"}
"""The base image has none, whatever this machine has."""


@dataclass(frozen=True)
class Found:
    """What was found of one image."""

    image: str
    extras: str
    packages: int
    disk_mb: float
    """Size of the virtual environment, what a container adds to the base image."""
    ready_s: float | None
    """Seconds from the start until /health/ready answers 200."""
    memory_mb: float | None
    """Proportional set size of the worker and its child processes when it is ready, without a call."""
    remark: str


def main() -> None:
    """Check every image, print what was found; exits with 1 at the first that would not work."""
    options = _options()
    chosen = [image for image in images() if not options.only or image.name in options.only]
    found = []
    with tempfile.TemporaryDirectory(prefix="callsift-images-", dir=options.folder) as name:
        folder = Path(name)
        try:
            refuse_other_files(folder / "tampered")
            wheel = build_wheel(folder / "dist")
            for image in chosen:
                notes.print(f"{image.name} …", highlight=False)
                found.append(check(image, wheel, folder))
        except (CheckFailed, CallsiftError) as error:
            notes.print(f"error: {error}", markup=False, highlight=False)
            sys.exit(1)
    if options.json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        [
            one.image,
            one.extras,
            str(one.packages),
            f"{one.disk_mb:.0f}",
            _shown(one.ready_s, 1),
            _shown(one.memory_mb, 0),
            one.remark,
        ]
        for one in found
    ]
    print_table("Images", ["image", "extras", "packages", "disk MB", "ready s", "memory MB", "remark"], rows)


def build_wheel(folder: Path) -> Path:
    """Build the wheel as the Dockerfile does, from what .dockerignore lets in, and look into it.

    Raises:
        CheckFailed: It lacks a file.
    """
    source = folder.with_name("source")
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("schemas", "review", "streams", "store", "sources", "agents", "api", "pages", "callsift"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    recordings = source / "demo" / "recordings"
    recordings.mkdir(parents=True)
    shutil.copy(TEST_CALL, recordings)
    _run("uv", "build", "-q", "--wheel", "--out-dir", str(folder), cwd=source)
    [wheel] = folder.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    if missing := [name for name in (*DATA_FILES, f"callsift/demo/recordings/{TEST_CALL.name}") if name not in names]:
        raise CheckFailed(f"the wheel has no {', '.join(missing)}")
    return wheel


def refuse_other_files(folder: Path) -> None:
    """See to it that an install whose files have other hashes than the pinned ones fails.

    Raises:
        CheckFailed: It did not.
    """
    pins = Path(shutil.copytree(ROOT / "requirements", folder / "requirements")) / "hashed.txt"
    shutil.copy(ROOT / "pyproject.toml", folder)
    other = re.sub(r"--hash=sha256:[0-9a-f]{64}", f"--hash=sha256:{'0' * 64}", pins.read_text(encoding="utf-8"))
    pins.write_text(other, encoding="utf-8")
    try:
        _run("sh", str(ROOT / "deploy/docker/install.sh"), str(folder / "venv"), "none", cwd=folder)
    except CheckFailed as error:
        if "Hash mismatch" not in str(error):
            raise
    else:
        raise CheckFailed("files with other hashes than those of requirements/hashed.txt were installed")


def check(image: Image, wheel: Path, folder: Path) -> Found:
    """Install one image's virtual environment, unless another image has it already, and run what it is for.

    Raises:
        CheckFailed: Something does not work.
    """
    venv = folder / image.builds_from
    if not venv.exists():
        drivers = argument("STORE_DRIVERS") if image.has_drivers else ""
        _run("sh", "deploy/docker/install.sh", str(venv), image.extras, drivers)
        _run("uv", "pip", "install", "-q", "--python", str(venv), "--no-deps", str(wheel))
    names = {path.name.split("-")[0].lower() for path in venv.glob("lib/python*/site-packages/*.dist-info")}
    if torch := sorted(names & {"torch", "torchaudio"}):
        raise CheckFailed(f"the {image.name} image holds {', '.join(torch)}")
    ready_s = memory_mb = None
    remark = ""
    if image.command != TOOLS_COMMAND:
        ready_s, memory_mb = start(image, venv, folder / f"run-{image.name}")
    else:
        use_tools(venv, folder / f"run-{image.name}")
        remark = f"{len(TOOLS)} commands run"
    return Found(image.name, image.extras, len(names), _disk_mb(venv), ready_s, memory_mb, remark)


def _disk_mb(venv: Path) -> float:
    return sum(path.lstat().st_size for path in venv.rglob("*") if not path.is_dir()) / 1e6


def _shown(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _run(*command: str, cwd: Path = ROOT) -> None:
    beside = str(Path(sys.executable).parent)  # where `make setup` puts uv
    path = f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    own = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    own |= {
        "PATH": path,
        "UV_PYTHON": sys.executable,
        "UV_COMPILE_BYTECODE": "1",
        **_NO_COMPILER,
    }
    ended = subprocess.run(command, cwd=cwd, env=own, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise CheckFailed(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-3000:]}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.images", description="Prove the Dockerfile's steps.")
    parser.add_argument("only", nargs="*", help="images to check; default: all")
    parser.add_argument("--folder", type=Path, help="where the virtual environments are made and removed again")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if unknown := set(options.only) - {image.name for image in images()}:
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
