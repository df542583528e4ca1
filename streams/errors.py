"""The two kinds of failure that a stage can name; anything else that is raised is a bug."""

from collections.abc import Callable

from pydantic import ValidationError

from schemas.call_ended import sent_path

_NAME_LIMIT = 200
_OURS = "Value error, "
"""What pydantic writes in front of a rule that is not its own."""


class CallsiftError(Exception):
    """A failure that says what was expected, what was found, and what a person can do about it.

    The message and the cure end in logs, dead letters and documents: they hold no transcript, no credentials and no
    signed address. Stage, position and call are added by the runner.
    """

    attempts_worth_making: int | None = None
    """After so many tries of one event the failure counts as permanent; None: the retry topics decide."""
    dependency: str | None = None
    """What the stage depends on and did not get, in words; None: the failure is about this event alone."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message, cure)  # both in args, so that the error crosses a process boundary whole
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message}. {self.cure}"


class PermanentError(CallsiftError):
    """The same event would fail again the same way: it belongs on the dead-letter topic at once."""


class TransientError(CallsiftError):
    """The same event may succeed later."""

    one_event_tells: bool = True
    """Whether one event that uses up its tries says that the dependency is away; False where each names its own."""
    retry_after_s: float | None = None
    """Seconds that whoever failed asks to be left alone, which is done for a minute at most; None: it does not say."""


class UnexpectedError(TransientError):
    """A bug: something was raised that nobody has named. The message says its class, never its text."""


class DependencyDown(TransientError):
    """What the stage depends on is certainly away: it refuses connections, or the key."""


class UnreadableEvent(PermanentError):
    """The bytes on a topic are not the event that belongs there."""


class MessageRefused(PermanentError):
    """No topic takes this message as it is, whatever its size."""


class NativeCodeDied(TransientError):
    """A child process that ran native code crashed or exceeded its limits.

    The second time with the same event it is the event's fault.
    """

    attempts_worth_making = 2


class TookTooLong(TransientError):
    """The work on an event exceeded the stage's time limit."""


class SettingsError(CallsiftError):
    """The settings do not allow a start."""


def broken_rules(error: ValidationError, *, most: int | None = 5, name: Callable[[str], str] = str) -> str:
    """Return which fields break which rules; the values are left out, because one may be what somebody said.

    Args:
        error: What pydantic found.
        most: How many problems are named; None: all.
        name: Makes of a field's path, with dots, what its reader calls it.
    """
    problems = error.errors(include_url=False, include_input=False, include_context=False)[:most]
    paths = [".".join(map(str, sent_path(problem["loc"])))[:_NAME_LIMIT] for problem in problems]
    rules = [problem["msg"].removeprefix(_OURS) for problem in problems]
    return "; ".join(f"{name(path) or 'all of it'}: {rule}" for path, rule in zip(paths, rules, strict=True))
