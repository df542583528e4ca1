"""What a command needs besides: extras that a machine may have been installed without."""

from collections.abc import Iterator
from contextlib import contextmanager

from streams.errors import SettingsError


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import in this block what an extra brings.

    Raises:
        SettingsError: It is not installed; the cure installs it.
    """
    try:
        yield
    except ImportError as error:
        raise SettingsError(
            f"{error.name} is not installed", f"Install it with: pip install 'callsift[{extra}]'"
        ) from error
