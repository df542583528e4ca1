"""``python -m tests.coordinator``: brokers start fresh and are killed, and nobody who asks them may end by a signal."""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.laptop.kafka import Cluster
from streams.kafka import produce
from streams.kafka.topic_admin import create_topics
from streams.settings import KafkaSettings
from tests.coordinator.looker import Looker

_LOOKERS = 2
_LOOKS = 5
_LIMIT_S = 120.0


def main() -> int:
    """Run it; 0 if every process that looked ended as it was asked to."""
    parser = argparse.ArgumentParser(prog="python -m tests.coordinator", description=__doc__)
    parser.add_argument("--starts", type=int, default=200, help="fresh brokers; default 200")
    parser.add_argument("--failovers", type=int, default=50, help="kills of a broker that is a coordinator; default 50")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=3, help="of the cluster that fails over")
    arguments = parser.parse_args()
    ended = starts(arguments.starts) + failovers(arguments.failovers, arguments.brokers)
    print(json.dumps({"starts": arguments.starts, "failovers": arguments.failovers, **summary(ended)}))
    return 0 if all_ended_well(ended) else 1


def starts(number: int) -> Counter[int]:
    """Start fresh brokers, each with processes that look from before it listens on; return their exit codes."""
    ended: Counter[int] = Counter()
    for count in range(1, number + 1):
        with tempfile.TemporaryDirectory(prefix="callsift-coordinator-") as folder:
            cluster = Cluster(Path(folder))
            lookers = [Looker(cluster.bootstrap_servers, _LOOKS) for _ in range(_LOOKERS)]
            try:
                cluster.start()
                create_topics(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))
                ended.update(looker.join(_LIMIT_S) for looker in lookers)
            finally:
                cluster.kill()
        _say(f"start {count} of {number}", ended)
    return ended


def failovers(number: int, brokers: int) -> Counter[int]:
    """Kill one coordinator after the other and start it again, while processes look; return their exit codes."""
    ended: Counter[int] = Counter()
    with _cluster(brokers) as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers, replication_factor=brokers)
        create_topics(kafka)
        produce(kafka, "calls.ended", [(f"{number}", b"1") for number in range(20)])
        lookers = [Looker(cluster.bootstrap_servers) for _ in range(_LOOKERS)]
        for count in range(1, number + 1):
            lookers = [_until_it_answers(looker, ended, cluster) for looker in lookers]
            broker = cluster.brokers[count % brokers]  # each is the coordinator of some of the groups
            broker.kill()
            time.sleep(count % 5 / 2)  # from at once to after the election of another coordinator
            broker.start()
            broker.wait_until_ready()
            _say(f"failover {count} of {number}", ended)
        lookers = [_until_it_answers(looker, ended, cluster) for looker in lookers]
        ended.update(looker.stop() for looker in lookers)
    return ended


@contextmanager
def _cluster(brokers: int) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="callsift-coordinator-") as folder:
        cluster = Cluster(Path(folder), brokers=brokers)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.kill()


def _until_it_answers(looker: Looker, ended: Counter[int], cluster: Cluster) -> Looker:
    """Return when it has been answered twice more; one that ended is counted, and another takes its place."""
    before, deadline = looker.answered, time.monotonic() + _LIMIT_S
    while looker.answered < before + 2:
        if looker.exit_code is not None or time.monotonic() > deadline:
            ended[looker.join(0)] += 1
            return _until_it_answers(Looker(cluster.bootstrap_servers), ended, cluster)
        time.sleep(0.05)
    return looker


def _say(what: str, ended: Counter[int]) -> None:
    print(f"{what}: {summary(ended)}", file=sys.stderr, flush=True)


def summary(ended: Counter[int]) -> dict[str, int]:
    """Return how many processes ended in order, and how many by a signal or otherwise."""
    return {"ended_in_order": ended[0], "ended_otherwise": ended.total() - ended[0]}


def all_ended_well(ended: Counter[int]) -> bool:
    """Tell whether every process ended as it was asked to."""
    return ended.total() > 0 and ended.keys() == {0}


if __name__ == "__main__":
    sys.exit(main())
