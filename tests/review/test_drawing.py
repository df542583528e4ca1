"""Drawing: reproducible from ids and seed, with chances that are what they say."""

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.drawing import Candidate, Frame, draw_late, draw_random, draw_stratified, mark, ordered, rank
from review.strata import neyman, proportional, stratified, stratum_of

FRAME = Frame(date(2026, 11, 24), date(2026, 11, 30), (("queue", "sales"),))


def candidates(n: int, category: str = "", confidence: float = 1.0, prefix: str = "c") -> list[Candidate]:
    return [Candidate(f"{prefix}{number}", category, confidence) for number in range(n)]


def test_a_rank_is_what_openssl_computes() -> None:
    # printf 'draw:call-7' | openssl dgst -sha256 -hmac 'a seed'
    assert rank("a seed", "call-7") == int(OPENSSL[:16], 16) / 2**64


OPENSSL = "51e911b1581f5cdd3ec521ad0b1542ce1ee8c73a1fd91b4fbd9f7c9df6ae9ebf"


@given(st.permutations([Candidate(call_id) for call_id in ("a", "b", "ç", "d/1", "call-7", "", "🙂", "a b")]))
def test_the_order_of_the_database_does_not_matter(calls: list[Candidate]) -> None:
    assert draw_random(FRAME, calls, 3, "seed") == draw_random(FRAME, sorted(calls, key=str), 3, "seed")


def test_an_auditor_draws_the_same_calls_from_the_ids_and_the_seed() -> None:
    draw = draw_random(FRAME, candidates(500), 40, "seed")
    assert [taken.call_id for taken in draw.taken] == ordered("seed", [f"c{number}" for number in range(500)])[:40]
    assert draw.digest == hashlib.sha256("\n".join(sorted(f"c{n}" for n in range(500))).encode()).hexdigest()


def test_another_seed_draws_other_calls() -> None:
    first, second = (draw_random(FRAME, candidates(500), 40, seed) for seed in ("one", "two"))
    assert len({taken.call_id for taken in first.taken} & {taken.call_id for taken in second.taken}) < 15


def test_every_call_is_drawn_as_often_as_its_chance_says() -> None:
    strata = {"sure": candidates(40, prefix="s"), "unsure": candidates(10, prefix="u")}
    seeds = 1000
    often = Counter(
        taken.call_id
        for seed in range(seeds)
        for taken in draw_stratified(FRAME, strata, {"sure": 8, "unsure": 5}, str(seed)).taken
    )
    # Five standard deviations of a count of 1,000: one of 50 calls is outside in 1 of 30,000 runs of other seeds.
    assert all(abs(often[f"s{n}"] - 200) < 5 * (1000 * 0.2 * 0.8) ** 0.5 for n in range(40))
    assert all(abs(often[f"u{n}"] - 500) < 5 * (1000 * 0.5 * 0.5) ** 0.5 for n in range(10))


def test_a_label_knows_its_chance_frame_seed_and_stratum() -> None:
    draw = draw_stratified(FRAME, {"a": candidates(20)}, {"a": 5}, "seed")
    drawn = draw.taken[0].drawn
    assert (drawn.by, drawn.p, drawn.seed, drawn.stratum) == ("stratum", 0.25, "seed", "a")
    assert drawn.frame == "2026-11-24/2026-11-30;queue=sales"
    assert draw.group_sizes == {(drawn.frame, "a"): 20}


def test_whoever_stops_early_has_read_the_same_share_of_every_stratum() -> None:
    strata = {"a": candidates(900, prefix="a"), "b": candidates(300, prefix="b")}
    draw = draw_stratified(FRAME, strata, {"a": 60, "b": 20}, "seed")
    assert Counter(taken.drawn.stratum for taken in draw.taken[:40]) == {"a": 30, "b": 10}


def test_a_late_call_is_drawn_by_its_own_rank_with_the_chance_of_its_stratum() -> None:
    strata = stratified(candidates(400, "price", 0.9) + candidates(100, "price", 0.3, "low"))
    draw = draw_stratified(FRAME, strata, {"price/2": 40, "price/0": 50}, "seed")
    late = candidates(2000, "price", 0.9, "late") + candidates(2000, "price", 0.3, "latelow")
    came = draw_late(draw, late, stratum_of)
    assert came == draw_late(draw, [*late[::-1]], stratum_of)[::-1]  # each alone: the others do not matter
    share = Counter(taken.drawn.p for taken in came)
    assert share[0.1] == pytest.approx(200, abs=5 * 180**0.5)
    assert share[0.5] == pytest.approx(1000, abs=5 * 500**0.5)


def test_a_late_call_of_a_stratum_that_had_none_has_the_whole_frames_chance() -> None:
    draw = draw_stratified(FRAME, {"price/2": candidates(100)}, {"price/2": 25}, "seed")
    came = draw_late(draw, candidates(400, "fee", 0.9, "late"), stratum_of)
    assert {taken.drawn.p for taken in came} == {0.25}


def test_a_late_call_is_read_in_its_turn_and_counts_in_its_group() -> None:
    draw = draw_stratified(FRAME, {"price/2": candidates(100)}, {"price/2": 25}, "seed")
    late = candidates(2000, "price", 0.9, "late")
    came = draw_late(draw, late, stratum_of)
    assert all(taken.drawn.late and taken.part == rank("seed", taken.call_id) / 0.25 for taken in came)
    quarters = Counter(int(4 * taken.part) for taken in came)
    assert all(abs(quarters[n] - 125) < 5 * 125**0.5 for n in range(4)), "whoever reads half has read half of these too"
    assert not any(taken.drawn.late for taken in draw.taken)
    whole = replace(draw, late={"price/2": 2000, "fee/0": 3})
    assert whole.group_sizes == {(FRAME.name, "price/2"): 2100, (FRAME.name, "fee/0"): 3}
    assert (whole.chance("price/2"), whole.chance("fee/0")) == (0.25, 0.25)


def test_a_mark_is_64_bits_of_what_openssl_computes_and_tells_nothing_of_the_rank() -> None:
    assert mark("a seed", "call-7", "draw") == int(OPENSSL[:16], 16)
    assert mark("a seed", "call-7") != mark("a seed", "call-7", "draw")
    assert len({mark("seed", f"c{n}") for n in range(10_000)}) == 10_000


def test_the_second_readers_share_is_drawn_apart_from_the_calls() -> None:
    draw = draw_random(FRAME, candidates(4000), 2000, "seed", second=0.2)
    halves = [sum(taken.drawn.second for taken in part) for part in (draw.taken[:1000], draw.taken[1000:])]
    assert halves == pytest.approx([200, 200], abs=5 * 160**0.5)  # a low rank in the draw says nothing about it


@pytest.mark.parametrize("n", [0, 11])
def test_more_calls_than_there_are_and_none_at_all_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="of 10 calls"):
        draw_random(FRAME, candidates(10), n, "seed")


def test_a_stratum_without_a_count_is_refused_as_its_calls_had_no_chance() -> None:
    with pytest.raises(ValueError, match="every call needs a chance"):
        draw_stratified(FRAME, {"a": candidates(5), "b": candidates(5, prefix="b")}, {"a": 2}, "seed")


def test_a_list_with_a_call_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        draw_random(FRAME, [*candidates(5), *candidates(1)], 2, "seed")


SIZES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 400), min_size=1, max_size=12)


@given(SIZES, st.integers(1, 600), st.integers(0, 6), st.sampled_from([proportional, neyman]))
def test_an_allocation_draws_what_was_asked_and_keeps_floor_and_size(
    sizes: dict[str, int], n: int, floor: int, allocate: object
) -> None:
    strata = {name: candidates(size, confidence=(len(name) * 0.3), prefix=name) for name, size in sizes.items()}
    if sum(min(floor, size) for size in sizes.values()) > n:
        with pytest.raises(ValueError, match="make fewer strata"):
            allocate(strata, n, floor)  # type: ignore[operator]
        return
    counts = allocate(strata, n, floor)  # type: ignore[operator]
    assert sum(counts.values()) == min(n, sum(sizes.values()))
    assert all(min(floor, size) <= counts[name] <= size for name, size in sizes.items())


def test_neyman_draws_in_proportion_to_size_and_unsureness() -> None:
    strata = {"sure": candidates(1000, confidence=0.9), "unsure": candidates(500, confidence=0.5)}
    # 1,000 · √(0.9 · 0.1) = 300 to 500 · √(0.5 · 0.5) = 250
    assert neyman(strata, 110) == {"sure": 60, "unsure": 50}
    assert proportional(strata, 150) == {"sure": 100, "unsure": 50}


def test_a_stratum_is_a_category_and_a_band_of_confidence() -> None:
    assert [stratum_of(Candidate("c", "fee", confidence)) for confidence in (0.59, 0.6, 0.85)] == [
        "fee/0",
        "fee/1",
        "fee/2",
    ]
