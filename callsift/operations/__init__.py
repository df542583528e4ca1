"""Long work that the API took in: done by a worker, one operation at a time, and taken over from one that died."""

from callsift.operations.worker import OperationsWorker

__all__ = ["OperationsWorker"]
