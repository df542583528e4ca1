"""Commands as another terminal would give them, inside this process: a start of Python costs a second each time."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

from callsift.__main__ import main


def run(variables: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with ``variables`` as its whole environment, and return what it printed and its exit code."""
    printed, said = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    command = ["callsift", *arguments]
    try:
        with (
            patch.dict(os.environ, variables, clear=True),
            patch.object(sys, "argv", command),
            redirect_stdout(printed),
            redirect_stderr(said),
        ):
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(command, code, printed.getvalue(), said.getvalue())
