"""Where set-up takes torch from, with indexes of this machine in the place of PyTorch's and PyPI's."""

import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.laptop.torch_index import answers, choose
from tests.servers.wheels import make_wheel, package_index
from tests.tools import find

PINS = Path(__file__).parents[2] / "requirements" / "torch.txt"
[TORCH] = re.findall(r"^torch==(\S+)", PINS.read_text(encoding="utf-8"), re.MULTILINE)
PYTHON = f"cp{sys.version_info.major}{sys.version_info.minor}"
TAG = f"{PYTHON}-{PYTHON}-manylinux_2_28_{platform.machine()}"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux is there a choice")


@pytest.fixture(autouse=True)
def pypi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An index that has all that torch.txt pins, 1 MB each, in the place of PyPI; the paths that it is asked for."""
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ \n]+)", PINS.read_text(encoding="utf-8"), re.MULTILINE):
        make_wheel(tmp_path / "pypi", name, version, size_bytes=1_000_000)
    with package_index(tmp_path / "pypi") as (address, asked):
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield asked


def recipe(target: str, *told: str) -> str:
    """Return what make would run for a target after pyproject.toml has changed."""
    own = {name: value for name, value in os.environ.items() if name not in {"TORCH_INDEX", "MAKEFLAGS", "MAKELEVEL"}}
    command = ["make", "--dry-run", "--what-if", "pyproject.toml", target, *told]
    return subprocess.run(command, cwd=PINS.parents[1], env=own, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def all_pins() -> int:
    return len(PINS.read_text(encoding="utf-8").splitlines())


def test_builds_for_the_cpu_are_taken_where_their_index_answers(tmp_path: Path, pypi: list[str]) -> None:
    folder = tmp_path / "cpu"
    for name in ("torch", "torchaudio"):
        make_wheel(folder, name, f"{TORCH}+cpu", tag=TAG, size_bytes=2_000_000)
    with package_index(folder) as (address, _):
        assert choose(address) == (address, f"torch: builds for the CPU from {address}, 4 MB to fetch at most")
        uv = find("uv")
        assert uv is not None
        fetched = [uv, "pip", "install", "-q", "--target", str(tmp_path / "there"), "--index", address]
        subprocess.run([*fetched, "-c", str(PINS), "torch", "torchaudio"], check=True)
    assert (tmp_path / "there" / f"torch-{TORCH}+cpu.dist-info").is_dir(), "the pins fit the builds for the CPU, too"
    assert pypi == []


def test_an_index_that_does_not_answer_in_time_is_given_up(all_pins: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        index, said = choose(address, limit_s=0.2)
    assert index == ""
    assert f"PyPI's builds, which bring CUDA, {all_pins} MB" in said
    assert f"{address} did not answer within 0.2 seconds" in said


def test_an_index_that_is_not_there_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    assert choose(address)[0] == ""


def test_a_name_that_does_not_exist_is_no_answer() -> None:
    assert not answers("https://download.pytorch.invalid/whl/cpu", 0.5)


def test_an_index_without_builds_that_fit_is_given_up(tmp_path: Path, all_pins: int) -> None:
    make_wheel(tmp_path / "cpu", "torch", "1.0+cpu", tag=TAG)
    with package_index(tmp_path / "cpu") as (address, _):
        index, said = choose(address)
    assert index == ""
    assert said.endswith(f"{all_pins} MB to fetch at most: {address} has none that fit")


def test_an_index_that_knows_no_torch_is_given_up(tmp_path: Path) -> None:
    with package_index(tmp_path / "empty") as (address, _):
        assert choose(address)[0] == ""


def test_no_index_is_asked_where_pypi_has_builds_for_the_cpu(tmp_path: Path) -> None:
    with package_index(tmp_path / "cpu") as (address, asked):
        assert choose(address, platform="darwin")[0] == ""
    assert asked == []


def test_an_unknown_size_is_called_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with package_index(tmp_path / "empty") as (address, _):
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        assert "an unknown number of MB" in choose(address)[1]


@pytest.mark.parametrize(
    ("told", "index"),
    [
        ([], "$(.venv/bin/python deploy/laptop/torch_index.py)"),
        (["TORCH_INDEX="], ""),
        (["TORCH_INDEX=https://torch.corp.example/cpu"], "https://torch.corp.example/cpu"),
    ],
)
def test_set_up_asks_pytorchs_index_unless_it_is_told_another_or_none(told: list[str], index: str) -> None:
    assert re.findall(r'^TORCH_INDEX="(.*?)" \\$', recipe(".venv/.installed-dev", *told), re.MULTILINE) == [index]


def test_the_demo_needs_no_torch_and_asks_no_index_for_it() -> None:
    assert "install.sh .venv all" in recipe(".venv/.installed")
    assert "torch" not in recipe(".venv/.installed").lower()
