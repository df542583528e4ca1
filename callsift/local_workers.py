"""What the workers of a ``callsift up`` say of themselves, which the brokers cannot know."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from callsift.running import Running


def events_in_flight(running: Running) -> dict[str, int]:
    """Return the events in work by stage; a worker that does not answer is left out."""
    found: dict[str, int] = {}
    for _, text in _said(running, "metrics"):
        for family in text_string_to_metric_families(text):
            if family.name == "callsift_in_flight_events":
                found |= {sample.labels["stage"]: round(sample.value) for sample in family.samples}
    return found


def waits_for(running: Running) -> dict[str, str]:
    """Return what each worker waits for that has paused on purpose."""
    said = {name: json.loads(text).get("paused") for name, text in _said(running, "health/live")}
    return {name: reason for name, reason in said.items() if reason}


def _said(running: Running, path: str) -> Iterator[tuple[str, str]]:
    for name, address in running.health.items():
        try:
            with urllib.request.urlopen(f"{address}/{path}", timeout=1) as response:  # noqa: S310 - an address of our own
                yield name, response.read().decode()
        except (urllib.error.URLError, OSError):
            continue
