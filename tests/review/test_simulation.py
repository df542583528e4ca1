"""A short form of ``benchmarks.review_simulation``, whose long form docs/review.md reports."""

from benchmarks.review_simulation import rows_of, world

WORLDS, LEAST = 24, 19
"""Of 24 intervals that hold the truth in 95 of 100 worlds, fewer than 19 do so in 1 of 1,000 such tests."""


def test_the_interval_holds_the_truth_while_chosen_labels_flood_in_and_the_naive_one_never_does() -> None:
    worlds = [world(seed, calls=1000, drawn=250, second=0.4) for seed in range(WORLDS)]
    holds = {row.figure: row.holds for row in rows_of(worlds)}
    for figure in ("machine against gold", "machine against one person", "person against person"):
        assert holds[figure] >= LEAST / WORLDS, figure
    assert holds["naive: every label counts"] < 0.2
