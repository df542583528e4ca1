"""What is too large for an event lies in the audio store: its folders, claim checks, and what is too old to be kept."""

from streams.payloads.claim_check import ClaimCheckStore, Entry, public_address
from streams.payloads.claimed_turns import ClaimedTurns
from streams.payloads.expiry import cut_off, old, sort_out
from streams.payloads.layout import DECODED, FOLDERS, PREPARED, RECORDINGS, Folder
from streams.payloads.needed import needed_names

__all__ = [
    "DECODED",
    "FOLDERS",
    "PREPARED",
    "RECORDINGS",
    "ClaimCheckStore",
    "ClaimedTurns",
    "Entry",
    "Folder",
    "cut_off",
    "needed_names",
    "old",
    "public_address",
    "sort_out",
]
