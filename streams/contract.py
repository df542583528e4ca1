"""The contract for other teams: JSON Schema of every event, and one AsyncAPI document of all topics."""

import json
from pathlib import Path
from typing import Any

import yaml

from schemas.event import SCHEMA_VERSION
from streams import cloud_events
from streams.topics import ENDED, OUTCOMES, TOPICS, Topic


def export_contract(directory: Path, prefix: str = "") -> list[Path]:
    """Write ``<Event>.schema.json`` for every event and ``asyncapi.yaml`` into ``directory``; returns the files."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for topic in TOPICS:
        path = directory / f"{topic.content.__name__}.schema.json"
        path.write_text(json.dumps(_schema(topic), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    path = directory / "asyncapi.yaml"
    document = asyncapi(prefix)
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
    return [*written, path]


def asyncapi(prefix: str = "") -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "callsift",
            "version": SCHEMA_VERSION,
            "description": "Every phone call becomes a classified outcome. Every message is keyed by call_id.",
        },
        "defaultContentType": "application/json",
        "channels": {_channel_id(topic): _channel(topic, prefix) for topic in TOPICS},
        "operations": {
            "sendCallEnded": _operation("receive", ENDED, "The PBX sends this to callsift."),
            "receiveCallOutcome": _operation("send", OUTCOMES, "Downstream teams subscribe to this."),
        },
        "components": {
            "messages": {
                topic.content.__name__: _headers(topic)
                | {
                    "name": topic.content.__name__,
                    "summary": topic.summary,
                    "payload": {
                        "schemaFormat": "application/schema+json;version=draft-2020-12",
                        "schema": {"$ref": f"./{topic.content.__name__}.schema.json"},
                    },
                    "bindings": {"kafka": {"key": {"type": "string", "description": "call_id"}}},
                }
                for topic in reversed(TOPICS)  # an event on several topics is described by the first
            }
        },
    }


def _headers(topic: Topic) -> dict[str, Any]:
    """Describe the headers that a topic's messages have besides those of tracing."""
    if topic is not OUTCOMES:
        return {}
    described = {name: {"type": "string", "description": said} for name, said in cloud_events.DESCRIPTIONS.items()}
    required = [name for name in described if name.startswith("ce_")]
    return {"headers": {"type": "object", "properties": described, "required": required}}


def _channel_id(topic: Topic) -> str:
    """Name a channel by its topic: one event may travel on several."""
    return "".join(part.title() for part in topic.name.replace("-", ".").split("."))


def _schema(topic: Topic) -> dict[str, Any]:
    schema = topic.content.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _channel(topic: Topic, prefix: str) -> dict[str, Any]:
    name = topic.content.__name__
    return {
        "address": prefix + topic.name,
        "description": topic.summary,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": -1 if topic.retention_s is None else topic.retention_s * 1000,
                },
            }
        },
    }


def _operation(action: str, topic: Topic, summary: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{_channel_id(topic)}"}, "summary": summary}
