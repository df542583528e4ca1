"""``callsift topics``: makes, checks, lists and exports the pipeline's topics."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
import yaml

from callsift.commands.output import notes, print_json, print_table, results
from callsift.running import adopt_running
from streams.settings import KafkaSettings
from streams.topics import ALL_TOPICS

app = typer.Typer(help="The pipeline's topics on the brokers.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Authentication(StrEnum):
    """How Strimzi's users prove who they are."""

    SCRAM = "scram-sha-512"
    TLS = "tls"


@app.command("list")
def list_topics(as_json: AsJson = False) -> None:
    """List the pipeline's topics and what the brokers have of them."""
    from streams.kafka import partitions

    adopt_running()
    kafka = KafkaSettings.read()
    found = partitions(kafka)
    if as_json:
        print_json([{"topic": name, "partitions": count} for name, count in found.items()])
        return
    rows = [
        [kafka.prefix + topic.name, str(found[kafka.prefix + topic.name] or "missing"), topic.summary]
        for topic in ALL_TOPICS
    ]
    print_table("Topics", ["topic", "partitions", "holds"], rows)


@app.command("create")
def create(
    check: Annotated[
        bool, typer.Option("--check", help="Create nothing: print what differs from the catalogue, exit 1 if anything.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the topics that do not exist yet, as the catalogue says; those that exist stay as they are."""
    from streams.kafka import create_topics, drift, find_topics, wanted_topics

    adopt_running()
    kafka = KafkaSettings.read()
    if not check:
        created = create_topics(kafka)
        if as_json:
            print_json(created)
        notes.print(f"created {', '.join(created)}" if created else "all topics exist already")
        return
    differences = drift(wanted_topics(kafka), find_topics(kafka))
    if as_json:
        print_json([asdict(difference) for difference in differences])
    else:
        for difference in differences:
            results.out(str(difference), highlight=False)
    notes.print(f"{len(differences)} difference(s)" if differences else "all topics are as the catalogue says")
    if differences:
        raise typer.Exit(1)


@app.command("export")
def export(
    cluster: Annotated[str | None, typer.Option(help="Name of the Kafka resource that Strimzi runs.")] = None,
    namespace: Annotated[str | None, typer.Option(help="Namespace of the resources. Default: none is named.")] = None,
    acls: Annotated[
        bool, typer.Option("--acls", help="Users instead of topics: what each worker and the tools may do.")
    ] = False,
    authentication: Annotated[
        Authentication, typer.Option(help="With --acls: how Strimzi's users prove who they are.")
    ] = Authentication.SCRAM,
    as_json: Annotated[bool, typer.Option("--json", help="Print a plain list, for other tools than Strimzi.")] = False,
) -> None:
    """Print the topics as Strimzi's KafkaTopic resources, or with --acls the users as KafkaUser. Asks no broker."""
    from callsift.strimzi import topic_resources, user_resources
    from streams.kafka import users, wanted_topics

    kafka = KafkaSettings.read()
    if as_json:
        listed = [{"topic": name, **asdict(kept)} for name, kept in wanted_topics(kafka).items()]
        print_json([asdict(user) for user in users(kafka)] if acls else listed)
        return
    if cluster is None:
        raise typer.BadParameter("name Strimzi's Kafka resource with --cluster, or ask for a plain list with --json")
    if acls:
        made = user_resources(kafka, cluster, namespace, authentication.value)
    else:
        made = topic_resources(kafka, cluster, namespace)
    results.out(yaml.safe_dump_all(made, explicit_start=True, sort_keys=False, width=120).rstrip(), highlight=False)
