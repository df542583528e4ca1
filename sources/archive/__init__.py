"""Archives of old calls: a folder or bucket of recordings, or a table that names them (docs/backfill.md)."""

from sources.archive.archive import Archive, ArchiveOptions, archive_of
from sources.archive.old_call import OldCall

__all__ = ["Archive", "ArchiveOptions", "OldCall", "archive_of"]
