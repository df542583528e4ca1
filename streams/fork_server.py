"""Imported by the server that child processes are forked from, before all else: what that process has to be."""

import os
import sys

from streams.child import end_with_parent

os.putenv("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded; whoever forks may have no second thread
end_with_parent(sys.platform)  # and its children with it
