"""What is too large for an event lies in the audio store: its folders, and claim checks."""

from streams.payloads.claim_check import ClaimCheckStore, Entry
from streams.payloads.claimed_turns import ClaimedTurns
from streams.payloads.codec import to_bytes
from streams.payloads.errors import PayloadGone, public_address
from streams.payloads.layout import DECODED, EXPORTS, FOLDERS, LISTENING, PREPARED, RECORDINGS, Folder, digits
from streams.payloads.writable import refuse_unwritable

__all__ = [
    "DECODED",
    "EXPORTS",
    "FOLDERS",
    "LISTENING",
    "PREPARED",
    "RECORDINGS",
    "ClaimCheckStore",
    "ClaimedTurns",
    "Entry",
    "Folder",
    "PayloadGone",
    "digits",
    "public_address",
    "refuse_unwritable",
    "to_bytes",
]
