"""The names of errors, which dead letters, spans, logs and docs show: each stands for one thing."""

import ast
from collections import defaultdict

from tests.test_rooms import MODULES, ROOT


def error_classes() -> dict[str, list[str]]:
    """Where each class that is derived from CallsiftError is made, by its name."""
    made = [
        (
            node.name,
            {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases},
            path,
        )
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    errors = {"CallsiftError"}
    while more := {name for name, bases, _ in made if bases & errors} - errors:
        errors |= more
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, _, path in made:
        if name in errors:
            found[name].append(str(path.relative_to(ROOT)))
    return found


def test_no_two_errors_share_a_name() -> None:
    found = error_classes()
    assert {"CallsiftError", "AudioStoreUnavailable", "MongoUnavailable", "UndecodableRecording"} <= found.keys()
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
