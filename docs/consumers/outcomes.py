"""Keeps the newest outcome of every call in SQLite: pip install confluent-kafka."""

import json
import os
import signal
import sqlite3

from confluent_kafka import Consumer

database = sqlite3.connect(os.environ.get("OUTCOMES_DB", "outcomes.sqlite"))
database.execute("create table if not exists calls (call_id text primary key, revision integer, outcome text)")
consumer = Consumer(
    {
        "bootstrap.servers": os.environ["BOOTSTRAP_SERVERS"],
        "group.id": "crm",  # of its own: what others have read is theirs
        "auto.offset.reset": "earliest",  # the topic is compacted: a new group gets every call
        "enable.auto.commit": False,
    }
)
consumer.subscribe([os.environ.get("OUTCOMES_TOPIC", "calls.outcomes")])
running = True


def stop(*_: object) -> None:
    """End after the message in work."""
    global running  # noqa: PLW0603 - a program of one page
    running = False


signal.signal(signal.SIGTERM, stop)
while running:
    message = consumer.poll(1.0)
    if message is None or message.error():
        continue  # the client goes on by itself
    call_id = message.key().decode()
    if message.value() is None:  # the call is gone: remove what you keep of it
        database.execute("delete from calls where call_id = ?", (call_id,))
    else:
        outcome = json.loads(message.value())  # it may have fields that you do not know
        database.execute(
            "insert into calls values (?, ?, ?) on conflict (call_id) do update "
            "set revision = excluded.revision, outcome = excluded.outcome where excluded.revision > revision",
            (call_id, outcome["revision"], message.value().decode()),
        )
    database.commit()  # before the offset: who dies in between sees the message again, and it changes nothing
    consumer.commit(message, asynchronous=False)
consumer.close()
