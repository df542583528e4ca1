"""What lies in a store, for tests whose stores are small."""

from streams.payloads import ClaimCheckStore, Entry


def entries(store: ClaimCheckStore, folder: str) -> list[Entry]:
    """Return everything that callsift has put into a folder, by name."""
    return sorted(entry for page in store.pages(folder) for entry in page)
