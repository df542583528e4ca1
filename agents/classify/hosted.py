"""A classifier that asks a hosted model, once more where its answer is garbled, and reads what it says."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from agents.classify import metrics
from agents.classify.answer import read_answer
from agents.classify.classifier import HostedModel, Reply
from agents.classify.core import Answer, Source
from agents.classify.errors import AnswerBlocked, GarbledAnswer, GarbledExtras, ModelThrottles
from agents.classify.metered import MeteredModel
from agents.classify.prompt import Prompt, make_prompt, prompt_version
from agents.classify.settings import ClassifySettings
from agents.classify.usage import total
from schemas import Leaf, Taxonomy, Turn, Usage

_TURNED_AWAY_TIMES = 5


class HostedClassifier:
    """Asks a hosted model for JSON that fits the taxonomy."""

    def __init__(self, model: HostedModel, settings: ClassifySettings, taxonomy: Taxonomy) -> None:
        """Make the classifier; nobody is asked yet."""
        self._settings = settings
        self._taxonomy = taxonomy
        self._zone = ZoneInfo(settings.time_zone)
        self._model = MeteredModel(model, settings, self._zone)
        self._times = settings.samples
        conditions = (self._times, settings.gemini_turn_chars, settings.gemini_transcript_chars, settings.time_zone)
        self.source = Source(model.classifier, settings.gemini_model, prompt_version(taxonomy), conditions)

    def prompt(self, turns: Sequence[Turn], ended_at: datetime | None) -> Prompt:
        """Return the request for a transcript."""
        return make_prompt(
            turns,
            self._taxonomy,
            turn_chars=self._settings.gemini_turn_chars,
            transcript_chars=self._settings.gemini_transcript_chars,
            local_time=self._local(ended_at),
        )

    def estimated(self, turns: Sequence[Turn], ended_at: datetime | None) -> Usage:
        """Return what asking about a transcript will take, as far as that can be told without asking."""
        return total([self._model.estimated(self.prompt(turns, ended_at))] * self._times)

    async def classify(self, turns: Sequence[Turn], /, *, ended_at: datetime | None = None) -> Answer:
        """Ask about one transcript, as often as samples are to agree."""
        prompt = self.prompt(turns, ended_at)
        usages: list[Usage] = []
        asked = (self._ask(prompt, self._local(ended_at), usages) for _ in range(self._times))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        most_named = agreed([answer for answer in answers if isinstance(answer, Answer)])
        return replace(most_named, usage=total(usages))

    async def _ask(self, prompt: Prompt, local_time: datetime | None, usages: list[Usage]) -> Answer:
        """Ask once, and once more with what was wrong with the answer."""
        try:
            return self._read(await self._said(prompt, usages), prompt, local_time)
        except GarbledAnswer as fault:
            repaired = prompt.repaired(fault.message)
        try:
            return self._read(await self._said(repaired, usages), prompt, local_time)
        except GarbledExtras as fault:
            return fault.answer  # what a call was for is not lost over what else was said in it

    def _read(self, reply: Reply, prompt: Prompt, local_time: datetime | None) -> Answer:
        try:
            if reply.stopped == "MAX_TOKENS":
                raise GarbledAnswer(
                    "the answer was cut off, be shorter", "Raise CALLSIFT_CLASSIFY_GEMINI_ANSWER_TOKENS"
                )
            if reply.stopped is not None:
                raise AnswerBlocked("the model's filters stop the answer", "Look at the call; another model may answer")
            answer = read_answer(reply.text, self._taxonomy, prompt.shown, local_time)
        except GarbledAnswer:
            metrics.REQUESTS.labels("garbled").inc()
            raise
        except AnswerBlocked:
            metrics.REQUESTS.labels("blocked").inc()
            raise
        metrics.REQUESTS.labels("answered").inc()
        return answer

    async def _said(self, prompt: Prompt, usages: list[Usage]) -> Reply:
        """Send a request, again where the service turns it away: that is not the call's fault."""
        times = 0
        while True:
            try:
                reply, usage = await self._model.ask(prompt)
            except ModelThrottles:
                times += 1
                if times == _TURNED_AWAY_TIMES:
                    raise
            else:
                usages.append(usage)
                return reply

    def _local(self, instant: datetime | None) -> datetime | None:
        try:
            return instant.astimezone(self._zone) if instant else None
        except OverflowError:  # the last day of the year 9999: some library's way to say never
            return None


def agreed(answers: Sequence[Answer]) -> Answer:
    """Return the surest answer of the leaf that most name; where several share that, of the one named more surely."""
    if len(answers) == 1:
        return answers[0]
    by_leaf: defaultdict[Leaf, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_leaf[answer.leaf].append(answer)
    named = max(by_leaf.values(), key=lambda those: (len(those), sum(answer.confidence for answer in those)))
    best = max(named, key=lambda answer: answer.confidence)
    mean = sum(answer.confidence for answer in named) / len(named)
    return replace(best, confidence=mean, agreement=len(named) / len(answers))
