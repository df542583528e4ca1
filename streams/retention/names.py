"""A set of names in bounded memory."""

import hashlib

_BYTES = 64 * 1024 * 1024
_BITS_OF_A_NAME = 4


class Names:
    """A Bloom filter of 64 MiB: it holds what was put in, and now and then what was not.

    That is one in 40,000 others with ten million names inside, one in 13 with a hundred million.
    """

    def __init__(self) -> None:
        """Start empty; memory is taken as names come."""
        self._bits = bytearray(_BYTES)

    def add(self, name: str) -> None:
        """Put a name in."""
        for place, bit in _places(name):
            self._bits[place] |= bit

    def __contains__(self, name: str) -> bool:
        """Tell whether a name was put in; a wrong answer is always True."""
        return all(self._bits[place] & bit for place, bit in _places(name))


def _places(name: str) -> list[tuple[int, int]]:
    digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=4 * _BITS_OF_A_NAME).digest()
    numbers = (int.from_bytes(digest[at : at + 4], "big") for at in range(0, len(digest), 4))
    return [(number // 8 % _BYTES, 1 << number % 8) for number in numbers]
