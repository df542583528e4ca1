"""A short form of ``make api-check``."""

import pytest

from api.access import Role
from tests.api.fuzz import FEW_PHASES, api, fuzzed

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_nothing_that_the_document_allows_or_forbids_is_answered_with_5xx_or_with_what_it_does_not_say() -> None:
    with api() as up:
        found = [fuzzed(up, role, 3, FEW_PHASES) for role in (Role.INGEST, Role.ADMIN)]
    assert all(one.is_good for one in found), found
    assert {one.operations for one in found} == {found[0].operations}
    assert found[0].operations > 20
