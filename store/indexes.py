"""The indexes of the collection: without them every such search reads all documents."""

from typing import Any, NamedTuple

from pymongo import IndexModel


class Index(NamedTuple):
    """One of them."""

    fields: tuple[str, ...]
    only: dict[str, Any] | None = None
    """Which documents are in it; None: all."""

    def __str__(self) -> str:
        """Return its fields, separated by commas."""
        return ", ".join(self.fields)

    def model(self) -> IndexModel:
        """Return it as the driver takes it."""
        options = {} if self.only is None else {"partialFilterExpression": self.only}
        return IndexModel([(field, 1) for field in self.fields], **options)


INDEXES = (
    Index(("decided_at",)),  # `retention run`
    Index(("ended_at",)),  # `reprocess --since`
    Index(("category", "ended_at")),  # `reprocess --category`
    Index(("outcome.caller",)),  # `forget --caller`
    Index(("history.caller",)),  # the same, for numbers that were corrected
    Index(("outcome.provisional",), only={"outcome.provisional": True}),  # `reprocess --provisional`
    Index(("search.order",)),  # the API's lists, exports and statistics
    Index(("category", "search.order")),  # the same, of a category
    Index(("outcome.queue", "search.order")),  # the same, of a queue, or for whoever sees only some
    Index(("outcome.agent_id", "search.order")),  # the same, of an agent
    Index(("search.callback",)),  # the few who want to be called back, at whatever time their calls were
    Index(("words.customer",)),  # the API's search for words
    Index(("words.agent",)),
    Index(("words.undivided",)),
)
"""What is looked for besides ``_id``: without them every such search reads all documents."""
