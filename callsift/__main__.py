"""``python -m callsift`` is the same as ``callsift``."""

from callsift.cli import main

if __name__ == "__main__":
    main()
