"""A worker whose speech is precomputed: ``python -m benchmarks.worker STAGE``. All else is the real one."""

import argparse

from benchmarks.precomputed import make_for_whole_calls
from callsift.worker import work
from streams.topics import STAGES

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("stage", choices=STAGES, help="which worker to be; settings come from the environment")
    work(parser.parse_args().stage, make_for_whole_calls)
