"""What waits for a group: one meaning for whoever asks."""

import pytest

from streams.kafka.lag import unread
from streams.kafka.ranges import Range


@pytest.mark.parametrize(
    ("committed", "start", "end", "expected"),
    [
        (None, 0, 0, 0),
        (None, 0, 7, 7),
        (None, 3, 7, 4),  # what was deleted does not wait
        (2, 3, 7, 4),
        (5, 3, 7, 2),
        (7, 3, 7, 0),
        (9, 0, 7, 0),  # the topic was made again
    ],
)
def test_the_unread_part_of_a_partition_lies_between_the_position_and_the_end(
    committed: int | None, start: int, end: int, expected: int
) -> None:
    part = unread(committed, Range(start, end))
    assert (part.end - part.start, part.end) == (expected, end)
