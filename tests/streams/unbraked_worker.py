"""The chaos worker without a brake, for when nearly all messages are invalid: ``python -m … STAGE``."""

import sys
from unittest.mock import patch

from callsift.worker import work
from streams.faust_worker import StageWorker
from streams.processing.runner import Patience
from tests.chaos.worker import make

if __name__ == "__main__":
    with patch.dict(StageWorker.__init__.__kwdefaults__, patience=Patience(brake_sample=1_000_000)):
        work(sys.argv[1], make)
