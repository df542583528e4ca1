"""The figures of a sample as their page shows them."""

from zoneinfo import ZoneInfo

from pages.review.figures import figures_view
from pages.words import Language
from tests.review.labels import label, labels

ENGLISH = Language("en", ZoneInfo("Europe/Istanbul"))
SIZES = {("w", ""): 400}
MACHINE = {"complaint": 100, "price_research": 300}
RIGHT = [("complaint", "complaint")] * 10 + [("price_research", "price_research")] * 26
WRONG = [("price_research", "complaint")] * 4


def test_what_people_chose_is_in_the_naive_figure_alone() -> None:
    drawn = labels([*RIGHT, *WRONG], frame="w", second=False)
    chosen = [label(f"c{n}", "complaint", "others", by="correction", p=None, second=False) for n in range(40)]
    shown = figures_view(drawn, chosen, SIZES, MACHINE, ENGLISH)
    assert shown.person is not None and shown.naive is not None
    assert (shown.person.text, shown.person.n, shown.measured) == ("90%", 40, 40)
    assert (shown.naive.text, shown.naive.n, shown.labels) == ("45%", 80, 80)
    assert (shown.gold, shown.people, shown.kappa) == (None, None, None)
    by_name = {line.name: line for line, _ in shown.corrected}
    complaints = by_name["Complaint"].shares[0]
    assert complaints is not None
    assert complaints.text == "35%", "100 of 400 that the machine counted, and a tenth more that it missed"
    assert {line.name: counted for line, counted in shown.corrected}["Complaint"] == "25%"


def test_fewer_than_thirty_labels_make_no_figure_and_gold_counts_the_calls_that_two_read() -> None:
    doubled = labels([("complaint", "complaint", "complaint")] * 20, frame="w")
    once = [label(f"o{n}", "complaint", "complaint", frame="w", second=False) for n in range(20)]
    shown = figures_view([*doubled, *once], (), SIZES, MACHINE, ENGLISH)
    assert shown.person is not None and shown.gold is not None and shown.people is not None
    assert (shown.person.is_enough, shown.gold.is_enough, shown.people.is_enough) == (True, False, False)
    assert (shown.gold.n, shown.people.n, shown.doubled) == (20, 20, 20)
    few = figures_view(once, (), SIZES, MACHINE, ENGLISH)
    assert few.person is not None
    assert (few.person.is_enough, few.plans) == (False, [])


def test_a_plan_says_what_is_decided_and_how_many_labels_decide_the_rest() -> None:
    shown = figures_view(labels([*RIGHT * 5, *WRONG * 5], frame="w", second=False), (), SIZES, MACHINE, ENGLISH)
    assert [(one.target, one.decided) for one in shown.plans] == [("80%", "above"), ("90%", None), ("95%", "below")]
    nearly = figures_view(labels([*RIGHT * 2, *WRONG], frame="w", second=False), (), SIZES, MACHINE, ENGLISH)
    [open_one] = [one for one in nearly.plans if one.target == "90%"]
    assert open_one.more is not None and open_one.more > 0
