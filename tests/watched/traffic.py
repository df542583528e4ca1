"""The calls of a watched run: the demo's, and some that fail, each in a way that the dashboard has a panel for."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from callsift.calls import call_ended, emit, emit_and_wait, new_call_id, store_recording
from callsift.demo_files import RECORDINGS
from callsift.demonstration import OUTCOME_LIMIT_S, run_demo
from callsift.supervisor import Pipeline
from schemas import CallEnded, CallOutcome, OneFile
from store.settings import StoreSettings
from streams.errors import CallsiftError
from streams.kafka import TopicReader, produce
from streams.payloads.claim_check import ClaimCheckStore
from streams.settings import KafkaSettings
from streams.topics import ENDED, OUTCOMES, RETRIES
from tests.servers.gemini import GeminiServer, answered, failed, said

_GOOD = RECORDINGS / "broken-again.wav"
_ANSWERS = (
    answered(),
    answered(category="unnecessary_call", sub_category="price_research"),
    answered(confidence=0.1),  # below the floor: uncertain
)


class Traffic:
    """Sends calls through a running pipeline, and waits for what comes of them."""

    def __init__(self, workers: Pipeline, gemini: GeminiServer, folder: Path, say: Callable[[str], None]) -> None:
        """Prepare; ``say`` is told what happens."""
        self._workers = workers
        self._gemini = gemini
        self._folder = folder
        self._say = say
        self._kafka = KafkaSettings.read()
        self._store = ClaimCheckStore(workers.environment["CALLSIFT_AUDIO_STORE_URI"])

    def flow(self) -> None:
        """Send everything; returns when every call has its outcome.

        Raises:
            CallsiftError: A call has none in time.
        """
        answers = cycle(_ANSWERS)
        self._gemini.answer = lambda: next(answers)
        self._gemini.script(failed(429, retry_delay="1s"), failed(500), said("no JSON at all"))
        self._say("a call whose recording comes late")
        late = self._late_call()
        self._say("the demo's calls")
        run_demo(self._workers, StoreSettings(), lambda _: None)
        self._say("recordings that are damaged or none, and a message that is no event")
        produce(self._kafka, ENDED.name, [("unreadable", b"no event at all")])
        self._outcomes(self._damaged(), self._undecodable())
        self._say("the hosted model is away: decisions are provisional, then made anew")
        self._wait_for(self._provisional(), lambda outcome: outcome.revision > 1 and not outcome.provisional)
        self._say("the late recording's second try")
        self._wait_for({late.call_id}, lambda outcome: outcome.state == "done")

    def _late_call(self) -> CallEnded:
        """A call that goes to the first retry topic, and finds its recording when it comes back."""
        uri = f"{self._workers.environment['CALLSIFT_AUDIO_STORE_URI']}/recordings/late.wav"
        call = call_ended(new_call_id(), OneFile(uri=uri))
        waiting = TopicReader(self._kafka, RETRIES[0].name, from_start=False)
        emit(self._kafka, [call])
        next(waiting.values(OUTCOME_LIMIT_S))
        waiting.close()
        self._store.put_file("recordings/late.wav", _GOOD)
        return call

    def _damaged(self) -> CallEnded:
        """A recording that is shorter than it announces."""
        whole = _GOOD.read_bytes()
        return self._recorded("damaged.wav", whole[: len(whole) * 2 // 3])

    def _undecodable(self) -> CallEnded:
        return self._recorded("undecodable.wav", b"no audio at all")

    def _provisional(self) -> set[str]:
        """Calls that the offline classifier decides, and that wait in the lane until the hosted model is back."""
        self._gemini.answer = lambda: failed(401)
        calls = [self._recorded("good.wav", _GOOD.read_bytes()) for _ in range(3)]
        outcomes = self._outcomes(*calls)
        self._gemini.answer = answered
        return {call_id for call_id, outcome in outcomes.items() if outcome.provisional}

    def _recorded(self, name: str, content: bytes) -> CallEnded:
        path = self._folder / name
        path.write_bytes(content)
        return call_ended(new_call_id(), OneFile(uri=store_recording(self._store, path)))

    def _outcomes(self, *calls: CallEnded) -> dict[str, CallOutcome]:
        return emit_and_wait(self._kafka, list(calls), OUTCOME_LIMIT_S, lambda _: None)

    def _wait_for(self, call_ids: set[str], is_it: Callable[[CallOutcome], bool]) -> None:
        reader = TopicReader(self._kafka, OUTCOMES.name, from_start=True)
        waiting = set(call_ids)
        for value in reader.values(OUTCOME_LIMIT_S):
            outcome = CallOutcome.model_validate_json(value)
            if is_it(outcome):
                waiting.discard(outcome.call_id)
            if not waiting:
                break
        reader.close()
        if waiting:
            raise CallsiftError(
                f"not the outcome of {len(waiting)} call(s) that was expected", "Read the log lines above"
            )
