"""Messages that nobody should send, made by hypothesis from a seed."""

import json
import time

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from streams.kafka import client_config
from streams.settings import KafkaSettings
from streams.topics import Topic
from tests.raw_producer import Raw

_AT_ONCE = 20


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["nul\0", "\ud83d", "9" * 4300, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("nul\0"), inner, max_size=3)
    ),
    max_leaves=6,
)
_HEADER_NAMES = st.binary(max_size=12) | st.sampled_from(
    [
        b"callsift-tries",
        b"callsift-retries",
        b"callsift-first-tried-at",
        b"callsift-replay",
        b"traceparent",
        b"\xff\xfe",
    ]
)
_HEADER_VALUES = (
    st.none()
    | st.binary(max_size=40)
    | st.sampled_from([b"9" * 4300, b"9" * 5000, b"-1", b"0001-01-01T00:00:00+14:00", b"00-" + b"0" * 32 + b"-x-01"])
)
_HEADERS = st.lists(st.tuples(_HEADER_NAMES, _HEADER_VALUES), max_size=4) | st.integers(500, 3000).map(
    lambda count: [(b"many", None)] * count
)
_TIMESTAMPS = st.sampled_from([-1, 0, -5, 2**53, -(2**62), 2**62]) | st.integers(-(2**62), 2**62)


def _damaged(good: bytes, at: int, by: int) -> bytes:
    at %= len(good)
    return good[:at] + bytes([good[at] ^ by]) + good[at + 1 :]


def hostile(count: int, seeded: int, good: bytes) -> list[Raw]:
    """Return messages that are mostly no event: garbage, damage done to ``good``, and ``good`` with odd fields."""
    fields = [*json.loads(good), "of_a_newer_version"]
    values = (
        st.none()
        | st.binary(max_size=300)
        | st.builds(_damaged, st.just(good), st.integers(0, 10_000), st.integers(1, 255))
        | st.builds(
            lambda name, value: json.dumps(json.loads(good) | {name: value}).encode(), st.sampled_from(fields), _JSON
        )
        | st.sampled_from([b"[" * 5_000, b'{"call_id":' * 500, b"x" * 20_000, good])
    )
    keys = st.none() | st.binary(max_size=30) | st.sampled_from([b"", b"\0" * 5_000])
    message = st.builds(Raw, keys, values, _HEADERS.map(tuple), _TIMESTAMPS)
    found: list[Raw] = []

    @seed(seeded)
    @settings(
        max_examples=-(-count // _AT_ONCE),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(message, min_size=_AT_ONCE, max_size=_AT_ONCE))
    def collect(messages: list[Raw]) -> None:
        found.extend(messages)

    collect()
    large = [Raw(b"\0" * 300_000, b"x" * 600_000), Raw(None, good, ((b"\xff", b"y" * 800_000),))]
    return [*found[: count - len(large)], *large]


def configure(kafka: KafkaSettings, topic: Topic, **settings: object) -> None:
    """Change settings of a topic, named with _ for the dots, and wait until the broker goes by them."""
    wanted = {name.replace("_", "."): str(value) for name, value in settings.items()}
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in wanted.items()]
    admin, name = AdminClient(client_config(kafka)), kafka.prefix + topic.name
    change = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
    for future in admin.incremental_alter_configs([change]).values():
        future.result(30)
    while True:
        [described] = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, name)]).values()
        found = described.result(30)
        if all(found[setting].value == value for setting, value in wanted.items()):
            return
        time.sleep(0.05)
