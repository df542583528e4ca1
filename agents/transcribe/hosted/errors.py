"""Every way in which a hosted recogniser misbehaves, as an error of ours. No text of the service's is ever repeated."""

from streams.errors import DependencyDown, PermanentError, TransientError
from streams.tls import distrust

_CURE = "Look at its status page, and at the engine in the file that CALLSIFT_TRANSCRIBE_ENGINES_FILE names"


class RecogniserBusy(TransientError):
    """The service did not answer, or said to come back later."""

    dependency = "the hosted recogniser"


class RecogniserAway(DependencyDown):
    """The service refuses connections, the key, or everybody for a while, or knows no such model: for every call."""

    dependency = "the hosted recogniser"


class GarbledTranscript(TransientError):
    """What the service answers is not what was asked for; another try may be."""

    attempts_worth_making = 4


class SpeechRefused(PermanentError):
    """The service refuses this speech, and would refuse it again."""


def refusal(engine: str, code: int, retry_after_s: float | None = None) -> TransientError | PermanentError:
    """Name the kind of a failure that the service reports by an HTTP status."""
    error: TransientError | PermanentError
    if code in {401, 403}:
        error = RecogniserAway(f"{engine} refuses the key with status {code}", "Check the engine's key_file")
    elif code in {300, 301, 302, 303, 307, 308, 404, 405}:
        error = RecogniserAway(f"{engine} has nothing there (status {code})", "Check the engine's url and model")
    elif code in {400, 413, 415, 422}:
        error = SpeechRefused(f"{engine} refuses the speech (status {code})", _CURE)
    elif code == 429:
        error = RecogniserAway(f"{engine} turns requests away (status 429)", "Raise its quota, or lower at_once")
    else:
        error = RecogniserBusy(f"{engine} answered with status {code}", _CURE)
    if isinstance(error, TransientError):
        error.retry_after_s = retry_after_s
    return error


def unanswered(engine: str, error: BaseException, *, refused: bool) -> RecogniserBusy | RecogniserAway:
    """Name a failure to reach the service at all, or to trust it; ``refused``: it did not even take the connection."""
    if (why := distrust(error)) is not None:
        return RecogniserAway(f"{engine}: {why}", "Give the worker its authority with SSL_CERT_FILE")
    found = f"{engine} did not answer: {type(error).__name__}"
    return RecogniserAway(found, _CURE) if refused else RecogniserBusy(found, _CURE)
