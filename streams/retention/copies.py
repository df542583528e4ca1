"""Copies to listen to: they go with the prepared audio that they were made of, however young they are."""

from collections.abc import Callable

from streams.payloads.claim_check import ClaimCheckStore
from streams.payloads.layout import LISTENING, PREPARED
from streams.retention.payloads import Swept


def sweep_copies(store: ClaimCheckStore, on_page: Callable[[int], None] = lambda _: None, *, remove: bool) -> Swept:
    """Look through the copies, and remove those whose prepared audio is gone.

    Args:
        store: The audio store.
        on_page: Told how much was looked at.
        remove: Whether to remove anything.

    Raises:
        AudioStoreUnavailable: The store did not answer; some may be gone already.
    """
    found = Swept()
    for page in store.pages(LISTENING.name):
        ours = [entry for entry in page if LISTENING.has_made(entry.name)]
        expired = [entry for entry in ours if store.about(_made_of(entry.name)) is None]
        removed = store.remove_unchanged(LISTENING.name, expired) if remove and expired else 0
        found = found.and_also(Swept(len(ours), 0, len(expired), removed))
        on_page(found.looked_at)
    return found


def _made_of(copy: str) -> str:
    return f"{PREPARED.name}/{copy.rpartition('/')[2].partition('.')[0]}.flac"
