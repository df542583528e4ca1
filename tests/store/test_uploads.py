"""Uploads on their way: who works on one holds it, and what nobody holds any more nobody may finish."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from store.database import Database
from store.settings import StoreSettings
from store.uploads import LEASE, Upload, UploadStore

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
UPLOAD = Upload("u-1", "call-1", ("recordings/1", "recordings/2"))
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def uploads(mongo_uri: str) -> Iterator[UploadStore]:
    database = Database(StoreSettings(uri=SecretStr(mongo_uri)))
    yield UploadStore(database)
    database.close()


async def test_an_upload_that_is_held_is_not_abandoned(uploads: UploadStore) -> None:
    await uploads.begin(UPLOAD, NOW)
    assert await uploads.condemn_abandoned(NOW + LEASE) == []
    assert await uploads.hold(UPLOAD, NOW + LEASE)
    assert await uploads.condemn_abandoned(NOW + 2 * LEASE - A_SECOND) == []
    assert await uploads.condemn_abandoned(NOW + 2 * LEASE + A_SECOND) == [UPLOAD]


async def test_an_upload_that_is_condemned_stays_so_until_it_is_finished(uploads: UploadStore) -> None:
    await uploads.begin(UPLOAD, NOW)
    for _ in range(2):  # whoever was to remove it may have died
        assert await uploads.condemn_abandoned(NOW + 2 * LEASE) == [UPLOAD]
        assert not await uploads.hold(UPLOAD, NOW + 2 * LEASE)
    await uploads.finished(UPLOAD)
    assert await uploads.condemn_abandoned(NOW + 2 * LEASE) == []
