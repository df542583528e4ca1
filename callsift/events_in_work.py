"""How many events the workers on this machine have in work, read from their metrics: the brokers cannot know it."""

import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from callsift.running import Running


def events_in_flight(running: Running) -> dict[str, int]:
    """Return the events in work by stage, of a ``callsift up``; a worker that does not answer is left out."""
    found: dict[str, int] = {}
    for address in running.health.values():
        try:
            with urllib.request.urlopen(f"{address}/metrics", timeout=1) as response:  # noqa: S310 - an address of our own
                text = response.read().decode()
        except (urllib.error.URLError, OSError):
            continue
        for family in text_string_to_metric_families(text):
            if family.name == "callsift_in_flight_events":
                found |= {sample.labels["stage"]: round(sample.value) for sample in family.samples}
    return found
