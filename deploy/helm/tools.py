"""Where the tools that check the chart are: on the PATH, beside Python, or where `make deploy-tools` builds them."""

import os
import shutil
import sys
from pathlib import Path

FOLDER = Path.home() / ".cache" / "callsift" / "tools"


def find(name: str) -> str | None:
    """Return the path of a tool, or None."""
    folders = (os.environ.get("PATH", ""), str(Path(sys.executable).parent), str(FOLDER))
    return shutil.which(name, path=os.pathsep.join(folders))
