"""``python -m tests.api.chaos``: calls are handed in, what takes them is killed, and every answer is accounted for."""

import argparse
import asyncio
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console

from api.access.authentication import Authentication
from api.calls.uploads import sweep
from api.services import Services
from api.settings import ApiSettings
from callsift.worker import API
from deploy.laptop.folders import kept_or_temporary
from store.database import Database
from store.settings import StoreSettings
from tests.api.chaos.accounts import Accounts, passed
from tests.api.chaos.clients import Clients, recordings, submissions
from tests.api.chaos.world import Front
from tests.chaos.faults import Fault, kill, kill_broker, kill_store
from tests.chaos.tally import Outcomes, as_line, as_table
from tests.chaos.world import World

_CLIENTS = 8
_A_FAULT_S = 12.0
"""What a fault takes until the API answers again, about: calls flow for as long as the programme lasts."""
_REQUEST_S = 0.6
"""What requests that come together take, about: a fault comes at any moment of them."""
_QUIET_LIMIT_S = 150.0
console = Console(stderr=True, soft_wrap=True)


def main() -> int:
    """Run; 0 if every 202 is a call that ended once, and nothing is left of what was not taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.api.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same calls and faults")
    parser.add_argument("--calls", type=int, default=120, help="how many requests hand calls in")
    parser.add_argument("--rounds", type=int, default=2, help="how often each combination happens")
    parser.add_argument("--keep", type=Path, help="folder for logs and data; default: a temporary one, removed")
    arguments = parser.parse_args()
    with kept_or_temporary(arguments.keep, "callsift-api-chaos-") as folder:
        result = _run(folder, arguments.seed, arguments.calls, arguments.rounds)
    console.print(as_table("Chaos in front", result))
    print(as_line(result))
    return 0 if passed(result) else 1


def _run(folder: Path, seed: int, calls: int, rounds: int) -> dict[str, Any]:
    chance = random.Random(seed)
    programme = _programme(rounds, chance)
    wanted = submissions(seed, calls, len(programme) * _A_FAULT_S, at_once=_CLIENTS)
    with Front(folder, seed) as world:
        outcomes = Outcomes(world.kafka)
        stored = [world.audio.put_file(f"pbx/{path.name}", path).uri for path in recordings()]
        clients = Clients(world.address, stored, seed, wanted, _CLIENTS)
        clients.start()
        for number, fault in enumerate(programme, 1):
            clients.wait_until_begun(calls * number // (len(programme) + 1))
            time.sleep(chance.uniform(0, _REQUEST_S))
            fault.happen(world)
            _say(f"{number}/{len(programme)} {fault.name}", clients, outcomes)
            world.wait_until_it_answers()
        while not clients.are_done:
            _say("waiting for the last answers", clients, outcomes)
            time.sleep(2)
        swept = asyncio.run(_swept(world))
        accounts, since_s = Accounts(world, wanted), time.monotonic()
        while (
            outcomes.calls < len(accounts.call_ids)
            and min(outcomes.quiet_s(), time.monotonic() - since_s) < _QUIET_LIMIT_S
        ):
            _say(f"waiting for {len(accounts.call_ids)} outcomes", clients, outcomes)
            time.sleep(2)
        time.sleep(3)  # what comes twice comes soon
        killed = sum("broker" in fault.name for fault in programme)
        killed += sum(end.startswith("sink ") for end in world.ended_unasked)
        result = accounts.balance(outcomes, killed)
        kinds = {fault.name for fault in programme}
        happened = {kind: sum(fault.name == kind for fault in programme) for kind in kinds}
        return {
            "faults": happened,
            **result,
            "uploads_swept": swept,
            "ended_unasked": ", ".join(world.ended_unasked),
            "seed": seed,
        }


def _programme(rounds: int, chance: random.Random) -> list[Fault]:
    """Return what happens: the API killed most often, broker and store too, and each of them shortly before the API."""
    kill_api = partial(kill, API)
    found = [Fault("kill API", kill_api) for _ in range(4 * rounds)]
    for name, other in {"broker": kill_broker, "store": kill_store}.items():
        found += [Fault(f"kill {name}", other) for _ in range(rounds)]
        found += [
            Fault(f"kill {name} and API", partial(_both, other, kill_api, chance.uniform(0, 1))) for _ in range(rounds)
        ]
    chance.shuffle(found)
    return found


def _both(first: Callable[[World], None], second: Callable[[World], None], after_s: float, world: World) -> None:
    timer = threading.Timer(after_s, second, (world,))
    timer.start()
    first(world)
    timer.join()


async def _swept(world: Front) -> int:
    """Do what the API does every five minutes, as if a day had passed; return how many uploads were removed."""
    services = Services(
        settings=ApiSettings(),
        kafka=world.kafka,
        database=Database(StoreSettings(uri=SecretStr(world.mongo_uri))),
        audio=world.audio,
        authentication=Authentication(),
    )
    removed = await sweep(services, datetime.now(UTC) + timedelta(days=1))
    services.database.close()
    return removed


def _say(what: str, clients: Clients, outcomes: Outcomes) -> None:
    now = datetime.now(UTC)
    console.print(
        f"{now:%H:%M:%S}  answered {clients.answered:>4}  outcomes {outcomes.calls:>4}  {what}", highlight=False
    )


if __name__ == "__main__":
    sys.exit(main())
