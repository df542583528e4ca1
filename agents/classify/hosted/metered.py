"""One request to a hosted model: when limits and budget allow it, within its time, counted and paid for."""

import asyncio
from zoneinfo import ZoneInfo

from agents.classify import metrics
from agents.classify.hosted.budget import DailyBudget
from agents.classify.hosted.errors import (
    GarbledAnswer,
    ModelAway,
    ModelBusy,
    ModelThrottles,
    RequestRefused,
    unanswered,
)
from agents.classify.hosted.limits import Limiter, Permit
from agents.classify.hosted.model import HostedModel, Reply
from agents.classify.hosted.prompt import Prompt
from agents.classify.hosted.usage import estimated_tokens
from agents.classify.settings import ClassifySettings
from schemas import Usage
from streams.errors import CallsiftError

_ANSWER_TOKENS = 400
"""What an answer takes as a rule."""
_RESULTS: dict[type[CallsiftError], str] = {
    GarbledAnswer: "garbled",
    ModelAway: "away",
    ModelBusy: "busy",
    ModelThrottles: "throttled",
    RequestRefused: "refused",
}


class MeteredModel:
    """A hosted model that is asked no faster, no wider and at no higher cost than allowed."""

    def __init__(self, model: HostedModel, settings: ClassifySettings) -> None:
        """Make limits and budget; nobody is asked yet."""
        self._model = model
        self.classifier = model.classifier
        self._timeout_s = settings.gemini_timeout_s
        self._price = settings.prices.get(settings.gemini_model)
        self._currency = settings.currency
        self._budget = DailyBudget(settings.daily_budget, ZoneInfo(settings.time_zone))
        self._limiter = Limiter(
            requests=settings.gemini_requests_per_minute,
            tokens=settings.gemini_tokens_per_minute,
            concurrency=settings.gemini_concurrency,
        )

    async def ask(self, prompt: Prompt) -> tuple[Reply, Usage]:
        """Send one request when limits and budget allow it; if it is turned away, it queues again.

        Raises:
            BudgetSpent: Today's budget does not reach for it.
            ModelThrottles: The service turns everybody away, round after round.
            ModelAway: The service refuses everybody, or asks to be left alone for long.
            ModelBusy: The service did not answer in time, or says to come back later.
            GarbledAnswer: What replied does not speak the service's language.
            RequestRefused: The service refuses this request.
        """
        while True:
            try:
                return await self._send(prompt)
            except ModelThrottles:
                if not self._limiter.is_patient:
                    raise

    async def _send(self, prompt: Prompt) -> tuple[Reply, Usage]:
        sent_tokens = _sent_tokens(prompt)
        expected = self._cost(sent_tokens, _ANSWER_TOKENS)
        await self._budget.reserve(expected)
        spent = 0.0
        try:
            async with self._limiter.permit(sent_tokens + _ANSWER_TOKENS) as permit:
                spent = expected  # what is not answered in time may be paid for all the same
                reply = await self._ask_in_time(prompt, permit)
                usage = self._count_usage(reply, sent_tokens)
                spent = usage.cost or 0.0
                permit.answered(usage.prompt_tokens + usage.answer_tokens)
        except (ModelThrottles, ModelAway, RequestRefused):
            spent = 0.0
            raise
        finally:
            self._budget.settle(expected, spent)
            metrics.BUDGET.set(self._budget.share_spent)
        return reply, usage

    def estimated(self, prompt: Prompt) -> Usage:
        """Return what a request will take, as far as that can be told without sending it."""
        sent_tokens = _sent_tokens(prompt)
        cost = self._cost(sent_tokens, _ANSWER_TOKENS) if self._price else None
        return Usage(
            requests=1,
            prompt_tokens=sent_tokens,
            answer_tokens=_ANSWER_TOKENS,
            cost=cost,
            currency=self._currency if self._price else None,
        )

    async def _ask_in_time(self, prompt: Prompt, permit: Permit) -> Reply:
        try:
            try:
                async with asyncio.timeout(self._timeout_s):  # the whole of it, however slowly it drips
                    return await self._model.ask(prompt)
            except TimeoutError as error:
                raise unanswered(error, refused=False) from None
        except CallsiftError as error:
            metrics.REQUESTS.labels(_RESULTS[type(error)]).inc()
            if isinstance(error, ModelThrottles):
                permit.throttled(error.retry_after_s)
            elif isinstance(error, ModelBusy) and error.retry_after_s is not None:
                self._limiter.pause(error.retry_after_s)
                self._limiter.refuse_long_pauses()
            raise

    def _count_usage(self, reply: Reply, sent_tokens: int) -> Usage:
        """Note what a request took, in the metrics too."""
        prompt_tokens = sent_tokens if reply.prompt_tokens is None else reply.prompt_tokens
        answer_tokens = estimated_tokens([reply.text or ""]) if reply.answer_tokens is None else reply.answer_tokens
        metrics.TOKENS.labels("prompt").inc(prompt_tokens)
        metrics.TOKENS.labels("answer").inc(answer_tokens)
        if self._price is None:
            return Usage(requests=1, prompt_tokens=prompt_tokens, answer_tokens=answer_tokens)
        cost = self._cost(prompt_tokens, answer_tokens)
        metrics.COST.inc(cost)
        return Usage(
            requests=1, prompt_tokens=prompt_tokens, answer_tokens=answer_tokens, cost=cost, currency=self._currency
        )

    def _cost(self, prompt_tokens: int, answer_tokens: int) -> float:
        return self._price.cost(prompt_tokens, answer_tokens) if self._price else 0.0


def _sent_tokens(prompt: Prompt) -> int:
    return estimated_tokens([prompt.instruction, str(prompt.schema), *prompt.contents])
