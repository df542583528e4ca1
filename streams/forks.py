"""Processes that share what was imported once: a server without threads imports it, and forks them."""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing import connection, forkserver

from streams.errors import DependencyDown

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15  # linux/prctl.h
# Linux: multiprocessing's fork server (docs/decisions/0006). macOS: a process of its own each, its frameworks do not
# survive a fork. A fork of the caller itself would copy locks that other threads hold.
_FORKS = sys.platform == "linux"
CONTEXT = multiprocessing.get_context("forkserver") if _FORKS else multiprocessing.get_context("spawn")
"""What makes the processes."""


class ChildrenDoNotStart(DependencyDown):
    """No child process comes up, or they die without work."""

    dependency = "the child processes"


def start_server(modules: Sequence[str]) -> None:
    """Start the server, which imports ``modules`` beside what the caller does; one that died starts with a fork.

    Call it in a thread that lives as long as this process: the server is killed when the thread ends.

    Raises:
        ChildrenDoNotStart: It cannot be started.
    """
    if not _FORKS:
        return
    CONTEXT.set_forkserver_preload(["streams.fork_server", *modules])
    try:
        forkserver.ensure_running()
    except OSError as error:
        raise ChildrenDoNotStart(f"no child process can be started: {error}", _CURE) from error


_CURE = "There has to be memory, and a folder for temporary files (TMPDIR) whose path has at most 70 characters"


def begin(name: str, last_signal: signal.Signals) -> None:
    """Set up a process that was made here.

    Args:
        name: What ``ps -o comm`` shows on Linux, at most 15 characters: forks share their server's command line.
        last_signal: What the process gets when its parent is gone. Ctrl-C is for the parent.
    """
    gc.freeze()  # what the server has imported stays; the collector would write into every page that is shared
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())
    end_with_parent(sys.platform, last_signal)


def end_with_parent(platform: str, last_signal: signal.Signals = signal.SIGKILL) -> None:
    """Have this process get a signal when its parent dies: who enforces limits on it, or ends it, is gone then."""
    if platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, last_signal)
    else:  # elsewhere no system call does it, and native code that keeps Python's lock delays it
        threading.Thread(target=_follow_parent, args=(last_signal,), daemon=True).start()


def _follow_parent(last_signal: signal.Signals) -> None:
    if parent := multiprocessing.parent_process():
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), last_signal)
