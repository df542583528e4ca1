"""What others wrote and browsers load from us."""

import hashlib

import yaml

from tests.test_rooms import ROOT

FOLDER = ROOT / "pages" / "static" / "vendor"
VENDORED = yaml.safe_load((FOLDER / "VENDORED.yaml").read_text(encoding="utf-8"))


def test_every_library_is_the_one_that_was_published_and_has_its_licence_beside_it() -> None:
    for one in VENDORED:
        assert hashlib.sha256((FOLDER / one["file"]).read_bytes()).hexdigest() == one["sha256"]
        assert (FOLDER / one["licence_file"]).is_file()
        assert all(one[said] for said in ("name", "version", "licence", "from"))


def test_no_file_is_there_that_is_not_accounted_for() -> None:
    named = {one[field] for one in VENDORED for field in ("file", "licence_file")} | {"VENDORED.yaml"}
    assert {path.name for path in FOLDER.iterdir()} == named


def test_no_page_loads_anything_from_elsewhere() -> None:
    for path in (*(ROOT / "pages").rglob("*.html"), *(ROOT / "pages" / "static").glob("*.*s")):
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text and "https://" not in text, path
        assert "|safe" not in text.replace(" ", ""), path
        if path.name not in {
            "review_audit.html",
            "mail.html",
        }:  # to download, and to mail: they have all of their style in them
            assert " style=" not in text and "<style" not in text, path
