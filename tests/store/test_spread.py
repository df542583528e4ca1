"""Mean and median in bounded memory, beside Python's own."""

from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.spread import Spread


@given(st.lists(st.floats(0.0, 20_000.0), min_size=1, max_size=200))
def test_the_mean_is_right_and_the_median_to_half_a_step(values: list[float]) -> None:
    spread = Spread(0.1)
    for value in values:
        spread.add(value)
    assert spread.mean == pytest.approx(mean(values))
    assert spread.median == pytest.approx(median(values), abs=0.05 + 1e-6)


def test_of_no_number_there_is_neither() -> None:
    assert (Spread(0.1).mean, Spread(0.1).median) == (None, None)
