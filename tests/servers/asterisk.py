"""A real Asterisk for the tests: one that is installed, or in a folder with a Debian of its own.

``CALLSIFT_TEST_ASTERISK`` names such a folder (``debootstrap --variant=minbase sid FOLDER``, then ``apt-get install
asterisk`` in it); that needs root. Else ``asterisk`` has to be on the path. Without either the test skips and says so.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.patience import PATIENCE_S

_DIRECTORIES = """[directories]
astetcdir => {folder}
astmoddir => {modules}
astvarlibdir => {folder}/lib
astdbdir => {folder}/lib
astkeydir => {folder}/lib
astdatadir => /usr/share/asterisk
astspooldir => {folder}/spool
astrundir => {folder}/run
astlogdir => {folder}/log
"""
_MODULES = """[modules]
autoload = no
load = pbx_config.so
load = app_dial.so
load = app_mixmonitor.so
load = app_milliwatt.so
load = app_stack.so
load = app_verbose.so
load = bridge_simple.so
load = codec_ulaw.so
load = format_wav.so
load = format_pcm.so
load = func_channel.so
load = res_timing_timerfd.so
"""


@contextmanager
def asterisk(files: Mapping[str, str], port: int) -> Iterator[Path]:
    """Run one with these files of /etc/asterisk; yields the folder of its recordings, as this machine sees it."""
    named = os.environ.get("CALLSIFT_TEST_ASTERISK")
    root = Path(named) if named else Path("/")
    program = [*(["chroot", named] if named else []), "asterisk"]
    if named is None and shutil.which("asterisk") is None:
        pytest.skip("asterisk is not installed (apt-get install asterisk), and CALLSIFT_TEST_ASTERISK names none")
    modules = next((path.parent for path in root.glob("usr/lib/**/asterisk/modules/app_mixmonitor.so")), None)
    if modules is None:
        pytest.skip(f"no modules of Asterisk in {root}usr/lib")
    folder = f"/tmp/asterisk-{uuid4().hex[:12]}"
    here = root / folder.lstrip("/")
    for name in ("lib", "spool/monitor", "run", "log"):
        (here / name).mkdir(parents=True)
    inside = "/" + str(modules.relative_to(root))
    manager = f"[general]\nenabled = yes\nwebenabled = no\nbindaddr = 127.0.0.1\nport = {port}\n"
    written = {
        "asterisk.conf": _DIRECTORIES.format(folder=folder, modules=inside),
        "modules.conf": _MODULES,
        "logger.conf": "[general]\n[logfiles]\nfull = notice,warning,error\n",
        **files,
        "manager.conf": manager + files["manager.conf"],
    }
    for name, text in written.items():
        (here / name).write_text(text, encoding="utf-8")
    command = [*program, "-f", "-C", f"{folder}/asterisk.conf"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, [*program, "-C", f"{folder}/asterisk.conf", "-rx", "core waitfullybooted"], here / "log/full")
        yield here / "spool/monitor"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(here)


def _wait(process: "subprocess.Popen[bytes]", ask: list[str], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = subprocess.run(ask, capture_output=True, text=True, check=False)
        if "fully booted" in answer.stdout:
            return
        said = log.read_text(errors="replace")[-2000:] if log.exists() else answer.stderr
        assert process.poll() is None, f"Asterisk has ended: {said}"
        assert time.monotonic() < deadline, f"Asterisk does not start: {said}"
        time.sleep(0.2)
