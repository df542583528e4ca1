"""Secrets that all processes of the API share, and that nobody has to set."""

from cryptography.fernet import Fernet
from pymongo.errors import DuplicateKeyError

from store.database import Database
from store.errors import searched


async def shared_key(database: Database, name: str) -> str:
    """Return the key of a name, for Fernet: 32 bytes in URL-safe base64. It is made where there is none yet.

    Raises:
        MongoUnavailable: MongoDB did not answer.
    """
    secrets, wanted, made = database.beside("secrets"), {"_id": name}, Fernet.generate_key().decode()
    with searched():
        try:
            await secrets.insert_one(wanted | {"value": made})
        except DuplicateKeyError:  # as a rule: only the first process finds none
            found = await secrets.find_one(wanted, max_time_ms=database.search_limit_ms)
            return str(found["value"]) if found else made
    return made
