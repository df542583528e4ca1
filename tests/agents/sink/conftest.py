"""The sink writes to the stores that the room of the store is tested with."""

from tests.store.conftest import embedded

__all__ = ["embedded"]
