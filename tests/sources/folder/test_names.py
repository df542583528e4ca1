"""Names of recordings, as PBXs give them."""

import pytest

from sources.folder.names import Names, Preset

FREEPBX_AT = "20250327-092517-1743042317.12206"


@pytest.mark.parametrize(
    ("preset", "path", "facts", "start", "metadata"),
    [
        (
            "freepbx",
            f"2025/03/27/q-600-05321234567-{FREEPBX_AT}.wav",
            {"queue": "600", "caller": "05321234567"},
            1743042317,
            {"uniqueid": "1743042317.12206"},
        ),
        (
            "freepbx",
            f"2025/03/27/out-05321234567-201-{FREEPBX_AT}.wav",
            {"agent_id": "201", "direction": "outbound"},
            1743042317,
            {"called": "05321234567", "uniqueid": "1743042317.12206"},
        ),
        (
            "freepbx",
            "exten-201-+905321234567-20250327-092517-pbx1-1743042317.12206.WAV",
            {"agent_id": "201", "caller": "+905321234567"},
            1743042317,
            {"uniqueid": "pbx1-1743042317.12206"},
        ),
        (
            "freepbx",
            f"external-201-05321234567-{FREEPBX_AT}.wav",
            {"agent_id": "201", "caller": "05321234567"},
            1743042317,
            {"uniqueid": "1743042317.12206"},
        ),
        (
            "freepbx",
            f"in-02121234567-anonymous-{FREEPBX_AT}.mp3",
            {"direction": "inbound"},
            1743042317,
            {"called": "02121234567", "uniqueid": "1743042317.12206"},
        ),
        (
            "issabel",
            f"force-08211234663-3201-{FREEPBX_AT}.wav",
            {"caller": "08211234663", "agent_id": "3201"},
            1743042317,
            {"uniqueid": "1743042317.12206"},
        ),
        ("vicidial", "ORIG/20060721-143000_5551234567-all.wav", {"caller": "5551234567"}, "20060721143000", {}),
        ("vicidial", "S_20060721-143000_5551234567.wav", {"caller": "5551234567"}, "20060721143000", {}),
        (
            "vicidial",
            "FR_S_20060721-143000_5551234567_SALES_6666.wav",
            {"caller": "5551234567", "queue": "SALES", "agent_id": "6666"},
            "20060721143000",
            {},
        ),
        (
            "yeastar",
            "20250819095658-1755568612.24-05321234567-2193-Inbound.mp3",
            {"caller": "05321234567", "agent_id": "2193", "direction": "inbound"},
            1755568612,
            {"uniqueid": "1755568612.24"},
        ),
        (
            "yeastar",
            "20250819095658-1755568612.24-2192-2193-Internal.mp3",
            {"agent_id": "2193"},
            1755568612,
            {"uniqueid": "1755568612.24"},
        ),
        (
            "3cx",
            "201/[Yılmaz, Ayşe]_201-0114627554_20190219120918(380).wav",
            {"agent_id": "201", "direction": "outbound"},
            "20190219120918",
            {"called": "0114627554"},
        ),
        (
            "3cx",
            "100/[2785551234]_2785551234-100_20190211124743(3).wav",
            {"agent_id": "100", "caller": "2785551234", "direction": "inbound"},
            "20190211124743",
            {},
        ),
        ("rtpengine", "7a1c%40host-4f2a90d1c3b85e67-mix.wav", {}, None, {"sip_call_id": "7a1c%40host"}),
        (
            "amazon-connect",
            "CallRecordings/2024/01/31/8f2c0d6e-1b1c-4a55-9d6a-0123456789ab_20240131T10:15_UTC.wav",
            {},
            "202401311015",
            {},
        ),
        ("any", "rec 1.ogg", {}, None, {}),
    ],
)
def test_what_a_name_says(
    preset: Preset, path: str, facts: dict[str, str], start: int | str | None, metadata: dict[str, str]
) -> None:
    named = Names(preset).read(path)
    assert named is not None
    assert (named.facts, named.metadata) == (facts, metadata)
    assert start in (named.unix, named.local, named.utc)


@pytest.mark.parametrize(
    ("preset", "path"),
    [
        ("freepbx", "voicemail/msg0001.wav"),
        ("freepbx", f".q-600-1-{FREEPBX_AT}.wav"),
        ("freepbx", f"q-600-1-{FREEPBX_AT}.wav.part"),
        ("vicidial", "CO_S_20060721-143000_5551234567.wav"),
        ("vicidial", "20060721-143000_5551234567-in.wav"),
        ("rtpengine", "7a1c%40host-4f2a90d1c3b85e67-1f00.wav"),
        ("any", "notes.txt"),
    ],
)
def test_what_is_no_recording_of_the_pbx_is_left_alone(preset: Preset, path: str) -> None:
    assert Names(preset).read(path) is None


@pytest.mark.parametrize(
    ("preset", "paths"),
    [
        ("vicidial", ["a/20060721-143000_5551234567-all.wav", "b/FR_S_20060721-143000_5551234567.wav"]),
        (
            "freepbx",
            [f"q-600-1-{FREEPBX_AT}{end}" for end in (".wav", "-customer.wav", "-t.wav", ".json", ".wav.json")],
        ),
    ],
)
def test_the_files_of_one_call_have_one_key(preset: Preset, paths: list[str]) -> None:
    found = [Names(preset).read(path) for path in paths]
    assert len({one and one.key for one in found}) == 1
    assert None not in found


@pytest.mark.parametrize("kind", ["q-600-05321234567", "in-8502121212-05321234567", "out-05321234567-201"])
def test_freepbx_records_a_call_on_the_telephone_of_whoever_began_it(kind: str) -> None:
    """What comes from that telephone is in -r."""
    began, other = ("agent", "customer") if kind.startswith("out") else ("customer", "agent")
    for end, role in (("r", began), ("t", other), ("customer", "customer"), ("agent", "agent")):
        named = Names("freepbx").read(f"{kind}-{FREEPBX_AT}-{end}.wav")
        assert named is not None
        assert (end, named.role) == (end, role)


def test_an_own_pattern_names_legs_and_facts() -> None:
    names = Names("any", r"(?P<queue>\w+)/(?P<local>\d{12})_(?P<caller>\d+)(?P<customer>_rx)?(?P<agent>_tx)?")
    customer, agent = (
        names.read("sales/202611281000_05321234567_rx.wav"),
        names.read("sales/202611281000_05321234567_tx.wav"),
    )
    assert customer is not None
    assert agent is not None
    assert (customer.role, agent.role, customer.key) == ("customer", "agent", agent.key)
    assert customer.facts == {"queue": "sales", "caller": "05321234567"}


def test_equal_names_in_two_folders_are_two_calls() -> None:
    names = Names("any")
    assert names.read("monday/1.wav") != names.read("tuesday/1.wav")


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="regular expression"):
        Names("any", "(")


def test_a_name_that_is_not_utf_8_can_be_an_event() -> None:
    named = Names("any").read("\udcfe.wav")
    assert named is not None
    assert named.key.encode()
