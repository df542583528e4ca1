"""How phones are numbered in the model: word positions, pdfs and transition ids."""

from collections.abc import Sequence
from enum import StrEnum

SILENCE = "SIL"
SILENCE_ID = 1


class Position(StrEnum):
    """Where in a word a phone stands. The values are those of Kaldi's ``word_boundary.int``."""

    BEGIN = "begin"
    END = "end"
    INTERNAL = "internal"
    SINGLETON = "singleton"


class PhoneTable:
    """Silence is phone 1 with pdf 0; every other phone has four variants by position, which share one pdf.

    Vosk finds word boundaries by the variants; the network tells only the pdfs apart.
    """

    def __init__(self, phones: Sequence[str]) -> None:
        """Number the phones (espeak-ng's names, without silence) in the order given."""
        self.pdf_of_phone = {phone: pdf for pdf, phone in enumerate(phones, start=1)}
        self.names: dict[int, tuple[str, Position | None]] = {SILENCE_ID: (SILENCE, None)}
        """Phone id -> phone and position; ids are 1, 2, ... without gaps."""
        for phone in phones:
            for position in Position:
                self.names[len(self.names) + 1] = (phone, position)
        self._ids = {name: number for number, name in self.names.items()}

    def __len__(self) -> int:
        """The number of phone ids."""
        return len(self.names)

    @property
    def pdf_count(self) -> int:
        """The number of the network's outputs."""
        return len(self.pdf_of_phone) + 1

    def pdf(self, phone_id: int) -> int:
        """The network output that scores a phone."""
        return 0 if phone_id == SILENCE_ID else self.pdf_of_phone[self.names[phone_id][0]]

    def word_ids(self, pronunciation: Sequence[str]) -> list[int]:
        """The phone ids of a word."""
        if len(pronunciation) == 1:
            return [self._ids[pronunciation[0], Position.SINGLETON]]
        middle = [Position.INTERNAL] * (len(pronunciation) - 2)
        positions = [Position.BEGIN, *middle, Position.END]
        return [self._ids[key] for key in zip(pronunciation, positions, strict=True)]


def self_loop_id(phone_id: int) -> int:
    """The transition id of staying in a phone; the transition state is the phone id, as each has one emitting state."""
    return 2 * phone_id - 1


def forward_id(phone_id: int) -> int:
    """The transition id of leaving a phone."""
    return 2 * phone_id
