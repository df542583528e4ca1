"""Where the tools that check the chart are: on the PATH, or where ``make deploy-tools`` builds them."""

import os
import shutil
from pathlib import Path

FOLDER = Path.home() / ".cache" / "callsift" / "tools"


def find(name: str) -> str | None:
    """Return the path of a tool, or None."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}{FOLDER}")
