"""A caller's number in every form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.callers import caller_search
from streams.settings import PrivacySettings

WRITTEN = (
    "+905551112233",
    "+90 555 111 22 33",
    "0555 111 22 33",
    "5551112233",
    "00905551112233",
    "+90 (0555) 111-22-33",
    "0 090-555 1112233",
)
KEYED = PrivacySettings.model_validate({"caller": "hash", "caller_key": "a key of sixteen"})


@pytest.mark.parametrize("asked", WRITTEN)
def test_whatever_form_is_asked_for_every_form_is_found(asked: str) -> None:
    search = caller_search(asked, PrivacySettings())
    assert all(search.finds(form) for form in WRITTEN)
    assert not any(search.finds(other) for other in ("+905551112234", "+15551112233", "55511122331", "", None))
    assert search.hashed == ()


@pytest.mark.parametrize("asked", WRITTEN)
def test_the_first_hash_is_of_the_number_in_e164(asked: str) -> None:
    assert caller_search(asked, KEYED).hashed[0] == caller_search("+905551112233", KEYED).hashed[0]


@given(st.text(alphabet="0123456789", min_size=7, max_size=12), st.data())
def test_separators_anywhere_change_nothing(national: str, data: st.DataObject) -> None:
    separated = "".join(digit + data.draw(st.sampled_from(["", " ", "-", ") "])) for digit in national)
    assert caller_search(national, PrivacySettings()).finds(separated), separated


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a telephone number"):
        caller_search("anonymous", PrivacySettings())
