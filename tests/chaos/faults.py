"""The faults, in an order that the seed decides."""

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from callsift.worker import WORKERS
from streams.topics import STAGES
from tests.chaos.world import World

_FROZEN_SESSIONS = 1.5
"""More than one session time-out: the group takes the worker for dead, and it comes back and does not know."""
WORKERS_EACH = 2
"""Workers of a stage in the rolling restart."""
_BROKER_AWAY_S = 3.0
_STORE_AWAY_S = 5.0


@dataclass(frozen=True)
class Fault:
    """Something that happens to the world."""

    name: str
    happen: Callable[[World], None]


def faults(seed: int, *, brokers: int, rounds: int) -> list[Fault]:
    """Return what will happen: every kind of worker killed ``rounds`` times, and the rest of the programme."""
    found = [Fault(f"kill {name}", partial(kill, name)) for name in WORKERS for _ in range(rounds)]
    found += [Fault(f"freeze {name}", partial(_freeze, name)) for name in list(STAGES)[: 2 * rounds]]
    found += [Fault(f"scale {name}", partial(_scale, name)) for name in list(STAGES)[: 2 * rounds]]
    found += [Fault("kill broker", kill_broker) for _ in range(2)]
    if brokers == 1:
        found += [Fault("kill store", kill_store) for _ in range(2)]
    random.Random(seed).shuffle(found)
    return found


def outages(seconds: float) -> list[Fault]:
    """Return one long absence of each thing that a stage depends on."""
    return [
        Fault("model away", partial(_model_away, seconds)),
        Fault("store away", partial(kill_store, away_s=seconds)),
        Fault("broker away", partial(kill_broker, away_s=seconds)),
    ]


def rolling() -> list[Fault]:
    """Return the replacement of every worker, one after the other."""
    return [Fault(f"replace {name}", partial(_replace, name)) for name in WORKERS for _ in range(WORKERS_EACH)]


def _replace(stage: str, world: World) -> None:
    world.replace(stage)


def _model_away(seconds: float, world: World) -> None:
    world.model_is_away = True
    time.sleep(seconds)
    world.model_is_away = False


def kill(stage: str, world: World) -> None:
    """Kill the worker of a stage that has been there longest."""
    world.one(stage).process.kill()


def _freeze(stage: str, world: World) -> None:
    process = world.one(stage).process
    process.send_signal(signal.SIGSTOP)
    time.sleep(_FROZEN_SESSIONS * world.kafka.session_timeout_s)
    process.send_signal(signal.SIGCONT)


def _scale(stage: str, world: World) -> None:
    world.add(stage)
    time.sleep(_BROKER_AWAY_S)
    world.remove(stage)


def kill_broker(world: World, away_s: float = _BROKER_AWAY_S) -> None:
    """Kill a broker, and start it again after so many seconds."""
    broker = world.cluster.brokers[-1]
    broker.kill()
    time.sleep(away_s)
    broker.restart()


def kill_store(world: World, away_s: float = _STORE_AWAY_S) -> None:
    """Kill the store, and start it again after so many seconds."""
    world.store.process.kill()
    world.store.process.wait()
    time.sleep(away_s)
    world.start_store()
