"""The samples that say how right the machine was on the days of Insight: asked of the store."""

import asyncio

from api.access import Principal
from api.services import Services
from pages.insight.question import InsightQuestion, Span
from pages.insight.reviewed import Reviewed, overlap, reviewed, side_by_side
from pages.review.measure import draw_of, machine_of, measured_calls
from pages.review.sampling import scope_name
from store.arrivals import ArrivalStore
from store.labels import LabelStore
from store.samples import Sample, SampleStore

_MOST = 12
"""Samples that are computed for a page."""


async def reviewed_days(services: Services, who: Principal, question: InsightQuestion, span: Span) -> list[Reviewed]:
    """Return what samples of just the calls that are shown say, in the order of their days; of two the newer one.

    A sample is drawn from all calls of somebody's scope. So where only a queue or an agent is looked at, none speaks
    for it.

    Raises:
        MongoUnavailable: The store did not answer.
    """
    if question.queue or question.agent:
        return []
    scope = scope_name(who.scope)
    found = [one for one in await SampleStore(services.database).all() if one.scope == scope]
    within = [one for one in found if overlap(_days(one), span)]
    made = [await _reviewed(services, one) for one in within[:_MOST]]
    return side_by_side([one for one in made if one is not None], span)


async def _reviewed(services: Services, sample: Sample) -> Reviewed | None:
    items = await SampleStore(services.database).items(sample.sample_id)
    names = [name for item in items for name in item.label_ids]
    given = {one.label_id: one for one in await LabelStore(services.database).given(names)} if names else {}
    came = await ArrivalStore(services.database).find(sample.sample_id)

    def made() -> Reviewed | None:
        sizes, machine = draw_of(sample, items, came).group_sizes, machine_of(sample, came)
        return reviewed(_days(sample), measured_calls(sample, items, given), sizes, machine)

    return await asyncio.to_thread(made)


def _days(sample: Sample) -> Span:
    return Span(sample.first_day, sample.last_day)
