"""What the statistics need, of samples and labels. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from review.drawing import Draw, Frame, Taken
from review.reviewed import Cause, Drawn, Reading, ReviewedCall, Versions
from schemas import LeafName
from store.arrivals import Arrivals
from store.labels import StoredLabel
from store.samples import Item, Sample


def frame_of(sample: Sample) -> Frame:
    """Return which calls a sample is about."""
    return Frame(sample.first_day, sample.last_day, sample.filters)


def draw_of(sample: Sample, items: Sequence[Item], came: Arrivals | None) -> Draw:
    """Return the draw that a sample came of, with what came late; a call that is gone has no identifier any more."""
    late = came.strata if came else ()
    return Draw(
        frame=frame_of(sample),
        seed=str(sample.seed),
        by=sample.by,
        digest=sample.digest,
        sizes={stratum.name: stratum.size for stratum in sample.strata},
        chances={stratum.name: stratum.p for stratum in (*late, *sample.strata)},
        second=sample.second,
        taken=tuple(Taken(item.call_id or "", _drawn(sample, item)) for item in items),
        late={stratum.name: stratum.size for stratum in late},
    )


def machine_of(sample: Sample, came: Arrivals | None) -> dict[str, int]:
    """Return how many calls of the days the machine had put into each leaf, those that came late too."""
    return dict(Counter(dict(sample.machine)) + Counter(dict(came.machine if came else ())))


def measured_calls(sample: Sample, items: Iterable[Item], labels: Mapping[str, StoredLabel]) -> list[ReviewedCall]:
    """Return the drawn calls that were read, with what was said of them in the order of the roles.

    Only labels that a reading of the sample led to count: anybody may say of a label that its call was drawn.
    """
    return [call for item in items if (call := _reviewed(sample, item, labels)) is not None]


def chosen_calls(labels: Iterable[StoredLabel], drawn: Iterable[Item]) -> list[ReviewedCall]:
    """Return the calls of labels that no reading of the sample led to: work, and no measure of anything."""
    ours = {label_id for item in drawn for label_id in item.label_ids}
    found = []
    for label in labels:
        if label.machine is None or label.label_id in ours:
            continue
        reading = Reading(label.reviewer, leaf_of(label.first or label.final), leaf_of(label.final), blind=False)
        found.append(ReviewedCall(label.label_id, Drawn("correction"), leaf_of(label.machine), (reading,)))
    return found


def leaf_of(name: LeafName) -> str:
    """Return the code of the finest level."""
    return name.sub_category or name.category


def _reviewed(sample: Sample, item: Item, labels: Mapping[str, StoredLabel]) -> ReviewedCall | None:
    given = [labels[label_id] for label_id in item.label_ids if label_id in labels]
    if not given or given[0].machine is None:
        return None
    first = given[0]
    readings = tuple(
        Reading(
            one.reviewer,
            leaf_of(one.first or one.final),
            leaf_of(one.final),
            one.blind,
            Cause(one.cause) if one.cause else None,
        )
        for one in given
    )
    versions = Versions(first.classifier_version or first.classifier or "", first.taxonomy_version)
    name = item.call_id or f"{item.sample_id}/{item.place}"
    answer = leaf_of(given[0].machine)
    return ReviewedCall(name, _drawn(sample, item), answer, readings, versions, item.period, item.machine)


def _drawn(sample: Sample, item: Item) -> Drawn:
    return Drawn(sample.by, item.p, frame_of(sample).name, str(sample.seed), item.stratum, item.is_second, item.is_late)
