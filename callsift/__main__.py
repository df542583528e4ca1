"""The command's way in, and ``python -m callsift``. Light: every process that multiprocessing starts imports it."""


def main() -> None:
    """Run the command line; leaves by SystemExit."""
    from callsift import cli

    cli.main()


if __name__ == "__main__":
    main()
