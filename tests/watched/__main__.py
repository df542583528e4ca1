"""``python -m tests.watched``: real workers, a real Prometheus, and everything that the dashboard asks."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from callsift.supervisor import pipeline
from deploy.grafana.dashboard import of_namespace
from deploy.grafana.panels import ROWS
from deploy.laptop.folders import kept_or_temporary
from deploy.laptop.kafka import Cluster, Security
from streams.errors import CallsiftError
from streams.kafka.topic_admin import create_topics
from streams.settings import KafkaSettings
from tests.servers.certificates import KEY_PASSWORD, make_certificates
from tests.servers.gemini import gemini_server
from tests.servers.prometheus import SCRAPE_S, NoPrometheus, Prometheus, prometheus
from tests.watched.traffic import Traffic

_RATE_INTERVAL = "30s"
"""What Grafana makes of $__rate_interval is four scrapes or more; this one sees a few events at once."""
_PROVOKED = {"CallsiftDeadLetters"}
"""The alerts that must fire: what they look for happens in the run, and they do not wait."""
console = Console(stderr=True, soft_wrap=True)


@dataclass(frozen=True)
class Answer:
    """What Prometheus says to one query of the dashboard."""

    row: str
    panel: str
    legend: str
    series: int
    samples: int
    """Numbers in all series; what is no number (the quantile of nothing) does not count."""
    last: float | None
    """The newest number of the first series."""
    highest: float | None
    """Of all series."""
    error: str | None = None


def main() -> int:
    """Run it; 0 if every query has data, every rule is healthy, what must fire fires, and every worker is scraped."""
    parser = argparse.ArgumentParser(prog="python -m tests.watched", description=__doc__)
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    try:
        with kept_or_temporary(arguments.keep, "callsift-watched-") as folder, _watched(folder) as (watching, traffic):
            started = time.time()
            traffic.flow()
            time.sleep(3 * SCRAPE_S)  # the last events are scraped, and the rules have looked at them
            answers = list(_ask(watching, started, time.time()))
            rules, targets = watching.rules(), watching.targets()
    except CallsiftError as error:
        console.print(f"error: {error}", highlight=False)
        return 1
    _print_tables(answers, rules)
    empty = [f"{answer.panel}: {answer.legend}" for answer in answers if not answer.samples]
    sick = [rule["name"] for rule in rules if rule["health"] != "ok"]
    firing = {rule["name"] for rule in rules if rule.get("state") == "firing"}
    away = [target["scrapeUrl"] for target in targets if target["health"] != "up"]
    result = {
        "queries": len(answers),
        "without_data": empty,
        "rules": len(rules),
        "unhealthy_rules": sick,
        "firing": sorted(firing),
        "targets": len(targets),
        "targets_down": away,
        "answers": [asdict(answer) for answer in answers],
    }
    print(json.dumps(result))
    return 1 if empty or sick or away or _PROVOKED - firing else 0


@contextmanager
def _watched(folder: Path) -> Iterator[tuple[Prometheus, Traffic]]:
    """Run brokers with mutual TLS, the model's service, all workers, and a Prometheus that scrapes them."""
    certificates = make_certificates(folder)
    security = Security(certificates.server, certificates.authority, {})
    with Cluster(folder / "kafka", security=security) as cluster, gemini_server() as gemini:
        os.environ |= {
            "CALLSIFT_KAFKA_BOOTSTRAP_SERVERS": cluster.addresses("SSL"),
            "CALLSIFT_KAFKA_SECURITY_PROTOCOL": "SSL",
            "CALLSIFT_KAFKA_CA_FILE": str(certificates.authority),
            "CALLSIFT_KAFKA_CERTIFICATE_FILE": str(certificates.client),
            "CALLSIFT_KAFKA_KEY_FILE": str(certificates.client_key),
            "CALLSIFT_KAFKA_KEY_PASSWORD": KEY_PASSWORD,
            "CALLSIFT_GEMINI_API_KEY": "any",
            "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT": gemini.address,
            "CALLSIFT_MONITOR_INTERVAL_S": str(SCRAPE_S),
            "CALLSIFT_CLASSIFY_WHEN_AWAY": "offline",
            "CALLSIFT_CLASSIFY_DAILY_BUDGET": "1",
            "CALLSIFT_CLASSIFY_PRICES": '{"gemini-3.5-flash-lite": {"prompt": 0.1, "answer": 0.4}}',
        }
        create_topics(KafkaSettings.read())
        log: list[str] = []
        try:
            with pipeline(folder, log.append) as workers:
                _say(f"{len(workers.health)} workers are ready")
                addresses = {name: urlsplit(address).netloc for name, address in workers.health.items()}
                with prometheus(folder / "prometheus", addresses) as watching:
                    yield watching, Traffic(workers, gemini, folder, _say)
        except CallsiftError:
            console.out("\n".join(log[-50:]), highlight=False)
            raise
        finally:
            (folder / "workers.log").write_text("\n".join(log), encoding="utf-8")


def _ask(watching: Prometheus, start: float, end: float) -> Iterator[Answer]:
    for row, panels in ROWS.items():
        for panel in panels:
            for legend, query in panel.queries.items():
                asked = of_namespace(query).replace("$__rate_interval", _RATE_INTERVAL).replace("$namespace", ".*")
                try:
                    found = watching.range(asked, start, end, SCRAPE_S)
                except NoPrometheus as error:
                    yield Answer(row, panel.title, legend, 0, 0, None, None, error.message)
                else:
                    last = found[0][-1] if found else None
                    highest = max(map(max, found), default=None)
                    yield Answer(row, panel.title, legend, len(found), sum(map(len, found)), last, highest)


def _print_tables(answers: list[Answer], rules: list[dict[str, str]]) -> None:
    names = ("row", "panel", "legend", "series", "samples", "last", "highest")
    table = Table(*names, title="Dashboard", title_justify="left")
    for answer in answers:
        counts = (str(answer.series), str(answer.samples))
        last, highest = ("–" if number is None else f"{number:.4g}" for number in (answer.last, answer.highest))
        table.add_row(answer.row, answer.panel, answer.legend, *counts, answer.error or last, highest)
    console.print(table)
    table = Table("rule", "health", "state", title="Rules", title_justify="left")
    for rule in rules:
        table.add_row(rule["name"], rule["health"], rule.get("state", "recorded"))
    console.print(table)


def _say(what: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')}  {what}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
