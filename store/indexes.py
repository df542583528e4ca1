"""The indexes of the collections: without them every such search reads all documents."""

from typing import Any, NamedTuple

from pymongo import IndexModel


class Index(NamedTuple):
    """One of them."""

    fields: tuple[str, ...]
    only: dict[str, Any] | None = None
    """Which documents are in it; None: all."""
    beside: str | None = None
    """Which collection it is of, beside the calls; None: the calls themselves."""

    def __str__(self) -> str:
        """Return its fields, separated by commas, after the collection that it is of beside the calls."""
        fields = ", ".join(self.fields)
        return fields if self.beside is None else f"{self.beside}: {fields}"

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
    Index(("words.customer",)),  # the API's search for words
    Index(("words.agent",)),
    Index(("words.undivided",)),
    Index(("state", "lease_until"), beside="operations"),  # what is to be done
    Index(("ended_at",), beside="operations"),  # what was done long ago
    Index(("published",), only={"published": False}, beside="audit"),  # what Kafka does not have yet
    Index(("at",), beside="audit"),  # what is too old
    Index(("begun_at",), beside="idempotency"),  # the same
)
"""What is looked for besides ``_id``: without them every such search reads all documents."""
