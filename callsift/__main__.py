"""``callsift``, also ``python -m callsift``: who serves is not made to load what only the other commands need.

Imports nothing itself: every process that multiprocessing starts imports it.
"""

import sys


def main() -> None:
    """Run the command that the arguments name; leaves by SystemExit."""
    if sys.argv[1:2] == ["worker"]:
        from callsift.worker import ALL_WORKERS, run

        if len(sys.argv) == 3 and sys.argv[2] in ALL_WORKERS:
            run(sys.argv[2])
            return
    if sys.argv[1:] == ["api"]:
        from callsift.commands.api import run as run_api

        run_api()
        return
    if sys.argv[1:2] == ["push"]:
        from callsift.commands.push import run as run_push

        del sys.argv[1]
        run_push()
        return
    from callsift.exits import told

    with told():
        from callsift import cli
    cli.main()


if __name__ == "__main__":
    main()
