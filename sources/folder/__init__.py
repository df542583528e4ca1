"""A watched folder or bucket: recordings that some PBX leaves there become calls (docs/watched-folder.md)."""
