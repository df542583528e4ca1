"""Imported by the server that forks processes, before all else: what that process has to be."""

import os
import signal
import sys

from streams.forks import end_with_parent

os.putenv("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded; whoever forks may have no second thread
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)  # it knows how those that it forked have ended, until the last one has
end_with_parent(sys.platform)
