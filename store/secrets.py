"""Secrets that all processes of the API share, and that nobody has to set."""

from pymongo.errors import DuplicateKeyError

from store.database import Database
from store.errors import searched


async def shared_secret(database: Database, name: str, made: str) -> str:
    """Return the secret of a name; ``made`` is kept, and returned, where there is none yet.

    Raises:
        MongoUnavailable: MongoDB did not answer.
    """
    secrets, wanted = database.beside("secrets"), {"_id": name}
    with searched():
        try:
            await secrets.insert_one(wanted | {"value": made})
        except DuplicateKeyError:  # as a rule: only the first process finds none
            found = await secrets.find_one(wanted, max_time_ms=database.search_limit_ms)
            return str(found["value"]) if found else made
    return made
