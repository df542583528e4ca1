"""Imported once for all workers of ``callsift up``, by the process that forks them: what they would each import."""

from contextlib import suppress
from importlib import import_module

_MODULES = (
    "callsift.worker",
    "callsift.stages",
    "streams.payloads",
    "fsspec.implementations.local",
    "streams.faust_worker",
    "faust.worker",  # it and the next ones are imported when an application is made or started
    "faust.app.router",
    "faust.assignor.partition_assignor",
    "faust.tables.manager",
    "faust.tables.recovery",
    "faust.topics",
    "streams.retry_mover",
    "streams.monitor",
    "agents.audio.agent",
    "agents.transcribe.agent",
    "agents.classify.agent",
    "agents.classify.reprocess_agent",
    "agents.classify.offline.classifier",
    "agents.sink.agent",
    "store.calls",
)

for module in _MODULES:
    with suppress(ImportError):  # the worker says so, and which extra is missing
        import_module(module)
with suppress(ImportError):
    from agents.classify.offline.model import shipped_model

    shipped_model()  # classify and reprocess hold it once
