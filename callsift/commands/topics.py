"""``callsift topics``: the pipeline's topics on the brokers."""

from typing import Annotated

import typer

from callsift.commands.output import notes, print_json, print_table
from callsift.running import adopt_running
from streams.catalogue import TOPICS
from streams.settings import KafkaSettings

app = typer.Typer(help="The pipeline's topics on the brokers.", no_args_is_help=True)


@app.command("list")
def list_topics(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the pipeline's topics and what the brokers have of them."""
    from streams.provision import partitions  # noqa: PLC0415

    adopt_running()
    kafka = KafkaSettings.read()
    found = partitions(kafka)
    if as_json:
        print_json([{"topic": name, "partitions": count} for name, count in found.items()])
        return
    rows = [
        [kafka.prefix + topic.name, str(found[kafka.prefix + topic.name] or "missing"), topic.holds] for topic in TOPICS
    ]
    print_table("Topics", ["topic", "partitions", "holds"], rows)


@app.command("create")
def create() -> None:
    """Create the topics that do not exist yet, as the catalogue says."""
    from streams.provision import create_topics  # noqa: PLC0415

    adopt_running()
    created = create_topics(KafkaSettings.read())
    notes.print(f"created {', '.join(created)}" if created else "all topics exist already")
