"""The worker process of a stage, on Faust: the only folder that imports it."""

from streams.faust_worker.app import make_app
from streams.faust_worker.delivery import FaustDelivery
from streams.faust_worker.in_flight import InFlightWindow
from streams.faust_worker.worker import StageWorker

__all__ = [
    "FaustDelivery",
    "InFlightWindow",
    "StageWorker",
    "make_app",
]
