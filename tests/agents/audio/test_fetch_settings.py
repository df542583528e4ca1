"""Fetching's settings from the environment."""

from pathlib import Path

import pytest

from agents.audio.fetch_settings import FetchSettings
from streams.errors import SettingsError


def test_lists_are_separated_by_commas_and_maps_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSIFT_FETCH_SCHEMES", "https, s3")
    monkeypatch.setenv("CALLSIFT_FETCH_HOSTS", "PBX.example.com,*.example.org,10.1.0.0/16,fd00::/8,192.168.1.7")
    monkeypatch.setenv("CALLSIFT_FETCH_FILE_ROOTS", "/mnt/calls,/srv")
    monkeypatch.setenv("CALLSIFT_FETCH_HEADERS", '{"https://PBX.example.com:443/": {"Authorization": "Bearer x"}}')
    settings = FetchSettings.read()
    assert settings.schemes == ("https", "s3")
    assert settings.hosts == ("pbx.example.com", "*.example.org", "10.1.0.0/16", "fd00::/8", "192.168.1.7/32")
    assert settings.file_roots == (Path("/mnt/calls"), Path("/srv"))
    assert settings.headers["https://pbx.example.com"]["Authorization"].get_secret_value() == "Bearer x"
    assert "Bearer" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOSTS", "https://pbx.example.com"),
        ("HOSTS", "10.1.2.3/16"),
        ("HOSTS", "pbx.*"),
        ("INTERNAL_HOSTS", "2130706433"),
        ("FILE_ROOTS", "recordings"),
        ("HEADERS", "no json hunter2"),
        ("HEADERS", '{"pbx.example.com": {"Authorization": "hunter2"}}'),
        ("HEADERS", '{"https://pbx.example.com/path": {"Authorization": "hunter2"}}'),
        ("HEADERS", '{"https://pbx.example.com": {"Authorization": "hunter2\\nEvil: yes"}}'),
        ("TLS", '{"https://pbx.example.com": {"key_password": "hunter2"}}'),
        ("TLS", '{"https://pbx.example.com": {"certificate_file": "/nowhere.pem"}}'),
    ],
)
def test_a_value_that_breaks_its_rule_is_named_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"CALLSIFT_FETCH_{variable}", value)
    with pytest.raises(SettingsError, match=f"CALLSIFT_FETCH_{variable}") as refused:
        FetchSettings.read()
    assert "hunter2" not in str(refused.value)
