"""The Dockerfile and what goes with it. What its steps do is proved by `make images-check`."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from callsift.worker import ALL_WORKERS, API
from streams.health import Health, serve
from streams.kafka.acls import SOURCE
from streams.settings import address_and_port
from tests.images.__main__ import DATA_FILES
from tests.images.dockerfile import DOCKERFILE, TOOLS_COMMAND, argument, images
from tests.tools import find

ROOT = Path(__file__).parents[2]
TEXT = DOCKERFILE.read_text(encoding="utf-8")
HEALTH = ROOT / "deploy" / "docker" / "health.py"


def asked(port: int, *which: str) -> int:
    own = os.environ | {"CALLSIFT_HTTP_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-IS", str(HEALTH), *which]
    return subprocess.run(command, env=own, capture_output=True, timeout=30, check=False).returncode


def test_every_worker_the_api_the_sources_and_the_tools_have_an_image() -> None:
    commands = {image.name: image.command for image in images()}
    workers = {name: ("worker", name) for name in ALL_WORKERS}
    assert workers | {API: ("api",), SOURCE: ("source", "folder"), "tools": TOOLS_COMMAND} == commands
    made = re.search(r"^IMAGES \?= (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert made is not None
    assert set(made[1].split()) == commands.keys()


def test_torch_comes_with_what_tests_need_alone() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [extra for extra, wanted in extras.items() if any(one.startswith("torch") for one in wanted)] == ["dev"]
    assert not any("dev" in image.extras.split(",") for image in images())


def test_every_extra_that_an_image_wants_exists() -> None:
    extras = re.findall(r"^([a-z]+) = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = {extra for image in images() for extra in image.extras.split(",")}
    assert wanted - {"none"} <= set(extras)


def test_copied_files_are_let_in_by_dockerignore_and_exist() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE) for source in line.split()
    }
    assert {"pyproject.toml", "requirements", "agents", "deploy/docker/install.sh"} <= copied
    for source in copied:
        assert (ROOT / source).exists()
        assert any(source == entry or source.startswith(f"{entry}/") for entry in let_in), source


def test_images_run_as_a_number_that_is_not_root_and_callsift_is_process_1() -> None:
    runtime = TEXT.split(" AS runtime\n")[1].split("\nFROM ")[0]
    assert re.findall(r"^USER (.+)$", runtime, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^ENTRYPOINT (.+)$", TEXT, re.MULTILINE) == ['["callsift"]']
    assert "USER" not in TEXT.split(" AS runtime\n")[1].split("\nFROM ", 1)[1]


def test_a_build_pulls_its_base_and_no_other_image() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", TEXT, re.MULTILINE))
    pulled = set(re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)) | set(re.findall(r"[-,]from=(\S+?)[, ]", TEXT))
    assert pulled - stages == {"${PYTHON_IMAGE}"}
    assert "# syntax" not in TEXT


def test_the_build_uses_the_makefiles_uv() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"UV_VERSION := {argument('UV_VERSION')}\n" in makefile


def test_the_images_have_the_projects_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert argument("VERSION") == version[1]


@pytest.mark.parametrize("name", DATA_FILES)
def test_data_files_are_where_the_check_looks_for_them(name: str) -> None:
    assert (ROOT / name).is_file()


def test_every_file_beside_the_code_that_it_reads_is_looked_for() -> None:
    read = re.compile(r'(?:__file__|parents?\[?\d?\]?|files\(\w*\)).*?"([\w-]+\.(?:md|yaml|npz|txt|html))"')
    named = {
        name
        for room in ("schemas", "review", "streams", "store", "sources", "agents", "api", "pages", "callsift")
        for path in (ROOT / room).rglob("*.py")
        for name in read.findall(path.read_text(encoding="utf-8"))
    }
    assert {"prompt.md", "taxonomy.yaml"} <= named
    assert named - {Path(name).name for name in DATA_FILES} == set()


def test_the_health_check_tells_alive_from_dead_and_ready_from_not_ready() -> None:
    health = Health()
    port = serve(health, "127.0.0.1", 0)
    assert (asked(port), asked(port, "live"), asked(port, "ready")) == (0, 0, 1)
    health.beat()
    health.joined = True
    assert asked(port, "ready") == 0
    frozen = Health(silent_after_s=0)
    port = serve(frozen, "127.0.0.1", 0)
    frozen.beat()
    assert asked(port) == 1


@pytest.mark.parametrize("listens", ["{}", "0.0.0.0:{}", "[::]:{}", "[::1]:{}"])
def test_the_health_check_asks_this_machine_wherever_the_worker_listens(listens: str) -> None:
    if "::" in listens and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = serve(Health(), *address_and_port(listens.format(0)))
    own = os.environ | {"CALLSIFT_HTTP_PORT": listens.format(port)}
    assert subprocess.run([sys.executable, "-IS", str(HEALTH)], env=own, timeout=30, check=False).returncode == 0


def test_the_health_check_fails_where_no_worker_listens() -> None:
    assert asked(9) == 1


def test_hadolint_finds_nothing() -> None:
    hadolint = find("hadolint")
    assert hadolint is not None, "`make setup` installs it"
    ended = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")
