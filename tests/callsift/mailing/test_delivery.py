"""Mail over real connections, to a server that behaves, and to one that does not."""

import email.utils
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from callsift.embedded import free_port
from callsift.mailing import MailFile, MailNotSent, deliver, message_of
from streams.errors import SettingsError
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.smtp import PASSWORD, USER, MailServer, mail_server

NOW = datetime(2026, 11, 29, 6, tzinfo=UTC)
ANN, BOB = "ann@example.com", "bob@example.com"


def settings(server: MailServer | int, **changes: Any) -> MailFile:
    port = server if isinstance(server, int) else server.port
    given = {"host": "127.0.0.1", "port": port, "security": "none", "timeout_s": 20, "from": "Çağrılar <c@example.com>"}
    return MailFile.model_validate({**given, "to": [ANN, f"Bob <{BOB}>"], **changes})


def message(where: MailFile, day: str = "2026-11-28", now: datetime = NOW) -> EmailMessage:
    return message_of(where, "28 Kasım: ş", "Şikâyet: 3\n", "<p>Şikâyet: 3</p>", day, now)


def without_waiting(_: float) -> None:
    """A pause that takes no time."""


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def login(certificates: Certificates, folder: Path, password: str = PASSWORD) -> dict[str, Any]:
    (folder / "password").write_text(password + "\n", encoding="utf-8")
    return {"user": USER, "password_file": folder / "password", "ca_file": certificates.authority}


def test_a_mail_has_text_and_html_and_what_mail_programs_expect(server: MailServer) -> None:
    where = settings(server)
    assert deliver(message(where), where).taken == [ANN, BOB]
    [mail] = server.mails
    assert server.recipients == [[ANN, BOB]]
    assert mail["subject"] == "28 Kasım: ş"
    assert str(mail["from"]) == "Çağrılar <c@example.com>"
    assert email.utils.parsedate_to_datetime(mail["date"]) == NOW
    assert mail["list-id"] == "<summary.callsift.example.com>"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["message-id"].endswith("@example.com>")
    assert mail.get_content_type() == "multipart/alternative"
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content().strip() for part in parts] == ["Şikâyet: 3", "<p>Şikâyet: 3</p>"]


def test_the_same_day_has_the_same_identifier_and_another_day_another() -> None:
    where, others = settings(25), settings(25, to=["carol@example.com"])
    first, again = message(where), message(where, now=datetime(2026, 11, 29, 7, tzinfo=UTC))
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Date"] != again["Date"]
    different = {first["Message-ID"], message(where, "2026-11-27")["Message-ID"], message(others)["Message-ID"]}
    assert len(different) == 3


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the server knows of STARTTLS alone
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_who_signs_in_does_so_over_an_encrypted_connection(
    security: str, certificates: Certificates, tmp_path: Path
) -> None:
    with mail_server(certificates, at_once=security == "tls") as server:
        where = settings(server, security=security, **login(certificates, tmp_path))
        deliver(message(where), where)
        assert (len(server.mails), server.encrypted) == (1, [True])


def test_a_refused_login_is_a_wrong_setting_and_is_not_tried_again(certificates: Certificates, tmp_path: Path) -> None:
    with mail_server(certificates) as server:
        where = settings(server, security="starttls", **login(certificates, tmp_path, "a guess"))
        with pytest.raises(SettingsError, match=r"refuses the login \(535\)") as refused:
            deliver(message(where), where, without_waiting)
        assert server.mails == []
        assert server.connections == 1
    assert "a guess" not in str(refused.value)


def test_a_login_that_is_put_off_is_tried_again(certificates: Certificates, tmp_path: Path) -> None:
    with mail_server(certificates) as server:
        server.login_answers = ["454 4.7.0 Temporary authentication failure"]
        where = settings(server, security="starttls", **login(certificates, tmp_path))
        deliver(message(where), where, without_waiting)
        assert len(server.mails) == 1


def test_a_server_with_another_certificate_gets_neither_password_nor_mail(
    certificates: Certificates, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    with mail_server(make_certificates(stranger)) as server:
        where = settings(server, security="starttls", **login(certificates, tmp_path))
        with pytest.raises(SettingsError, match="cannot be trusted"):
            deliver(message(where), where, without_waiting)
        assert server.mails == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_certificates_that_is_none_is_a_mistake_of_the_settings(
    server: MailServer, tmp_path: Path, content: str | None
) -> None:
    authority = tmp_path / "authority.pem"
    if content:
        authority.write_text(content, encoding="utf-8")
    where, pauses = settings(server, security="starttls", ca_file=authority), list[float]()
    with pytest.raises(SettingsError, match="cannot be used"):
        deliver(message(where), where, pauses.append)
    assert pauses == []


def test_a_port_that_does_not_begin_with_tls_is_a_mistake_of_the_settings(server: MailServer) -> None:
    where, pauses = settings(server, security="tls"), list[float]()
    with pytest.raises(SettingsError, match="does not speak TLS"):
        deliver(message(where), where, pauses.append)
    assert pauses == []


def test_a_server_without_encryption_gets_no_password(
    server: MailServer, certificates: Certificates, tmp_path: Path
) -> None:
    where = settings(server, security="starttls", **login(certificates, tmp_path))
    with pytest.raises(SettingsError, match="does not offer"):
        deliver(message(where), where, without_waiting)
    assert server.mails == []


def test_a_greylisting_server_is_asked_again_and_later_each_time(server: MailServer) -> None:
    server.recipient_answers = {ANN: ["451 4.7.1 Greylisted"] * 3, BOB: ["451 4.7.1 Greylisted"] * 3}
    where, pauses = settings(server), list[float]()
    assert deliver(message(where), where, pauses.append).taken == [ANN, BOB]
    assert pauses == [5, 10, 20]
    assert len(server.mails) == 1


def test_who_has_got_the_mail_does_not_get_it_again_because_of_others(server: MailServer) -> None:
    server.recipient_answers = {BOB: ["450 4.2.1 Mailbox busy", "450 4.2.1 Mailbox busy"]}
    where = settings(server)
    deliver(message(where), where, without_waiting)
    assert server.recipients == [[ANN], [BOB]]


def test_a_server_that_closes_at_one_recipient_has_served_nobody(server: MailServer) -> None:
    server.recipient_answers = {BOB: ["421 4.7.0 Too many"]}
    where = settings(server)
    assert deliver(message(where), where, without_waiting).taken == [ANN, BOB]
    assert server.recipients == [[ANN, BOB]]


def test_a_server_that_always_says_later_is_given_up(server: MailServer) -> None:
    server.recipient_answers = {one: ["451 4.7.1 Later"] * 99 for one in (ANN, BOB)}
    where, pauses = settings(server, patience_s=900), list[float]()
    with pytest.raises(MailNotSent, match="2 of 2 recipients: it says 451") as given_up:
        deliver(message(where), where, pauses.append)
    assert pauses == [5, 10, 20, 40, 80, 160, 300]
    assert ANN not in str(given_up.value)


def test_one_refused_recipient_does_not_keep_the_mail_from_others(server: MailServer) -> None:
    server.recipient_answers = {ANN: ["550 5.1.1 No such user ann"]}
    where, pauses = settings(server), list[float]()
    with pytest.raises(MailNotSent, match="1 of 2 recipients: 550") as refused:
        deliver(message(where), where, pauses.append)
    assert (server.recipients, pauses) == ([[BOB]], [])
    assert "ann" not in str(refused.value)


def test_a_refused_message_is_not_sent_again(server: MailServer) -> None:
    server.message_answers = ["554 5.7.1 Looks like spam"]
    where, pauses = settings(server), list[float]()
    with pytest.raises(MailNotSent, match="2 of 2 recipients: 554"):
        deliver(message(where), where, pauses.append)
    assert (server.mails, pauses) == ([], [])


@pytest.mark.parametrize("way", ["close", "silence", "421 4.3.2 Shutting down"])
def test_a_server_that_ends_half_way_is_sent_the_mail_again(server: MailServer, way: str) -> None:
    server.message_answers = [way]
    where = settings(server, timeout_s=0.5 if way == "silence" else 20)
    deliver(message(where), where, without_waiting)
    assert server.recipients == [[ANN, BOB]]


@pytest.mark.parametrize("goodbye", ["421 4.3.2 Shutting down", "500 5.5.2 What?"])
def test_what_a_server_says_to_the_goodbye_changes_nothing(server: MailServer, goodbye: str) -> None:
    server.goodbye = goodbye
    where = settings(server)
    assert deliver(message(where), where, without_waiting).taken == [ANN, BOB]
    assert len(server.mails) == 1


def test_a_mail_that_was_taken_without_an_answer_comes_again_under_its_identifier(server: MailServer) -> None:
    server.message_answers = ["kept"]
    where = settings(server)
    deliver(message(where), where, without_waiting)
    assert len(server.mails) == 2
    assert server.mails[0]["message-id"] == server.mails[1]["message-id"]


def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    where, said = settings(free_port(), patience_s=20), list[tuple[str, float]]()
    with pytest.raises(MailNotSent, match="ConnectionRefusedError"):
        deliver(message(where), where, without_waiting, lambda why, pause_s: said.append((why, pause_s)))
    assert said == [("ConnectionRefusedError", 5), ("ConnectionRefusedError", 10)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": []}, "to"),
        ({"to": ["ann"]}, "expected an address"),
        ({"to": ["ann@example.com\r\nBcc: eve@example.com"]}, "expected an address"),
        ({"from": "@example.com"}, "expected an address"),
        ({"from": "c@example.com "}, None),
        ({"user": "callsift"}, "belong together"),
        ({"user": "callsift", "password_file": "/p"}, "encrypted connection alone"),
        ({"list_id": "<a>"}, "list_id"),
        ({"bcc": "eve@example.com"}, "bcc"),
    ],
)
def test_a_file_that_cannot_work_is_refused(changes: dict[str, Any], said: str | None) -> None:
    if said is None:
        assert settings(25, **changes)
        return
    with pytest.raises(ValueError, match=said):
        settings(25, **changes)
