"""How every command ends. Exit codes: 0 done, 1 failed, 2 misuse (also a setting that is wrong)."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from schemas.taxonomy_file import InvalidTaxonomy
from streams.errors import CallsiftError, SettingsError

_OURS = {"schemas", "streams", "store", "sources", "agents", "api", "callsift"}
"""What must be there: without it something is wrong with the installation, and the stack says where."""


@contextmanager
def told() -> Iterator[None]:
    """Run a command in this block: what fails is said in one sentence, and SIGTERM ends it; leaves by SystemExit."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # so that what was started is ended; workers set their own
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        yield
    except SystemError as error:
        if isinstance(error.__cause__, SystemExit):  # the handler above ran inside a Kafka client's call
            raise error.__cause__ from None
        raise
    except KeyboardInterrupt:  # before a worker listens for it
        sys.exit(130)
    except InvalidTaxonomy as error:
        _fail(f"{error}. Correct it, and look with: callsift taxonomy check", 2)
    except CallsiftError as error:
        _fail(str(error), 2 if isinstance(error, SettingsError) else 1)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in _OURS:
            raise
        _fail(f"{package} is not installed. Run it in the tools' image, or: pip install 'callsift[all]'", 2)


def _fail(why: str, code: int) -> NoReturn:
    from callsift.commands.output import notes  # a worker needs none of it unless it fails

    notes.print("error:", style="bold red", end=" ")
    notes.print(why, markup=False, highlight=False)
    sys.exit(code)
