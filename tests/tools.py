"""Where the programs are that tests of deploy/ use: PATH, beside Python, and where `make deploy-tools` puts them."""

import os
import shutil
import sys
from pathlib import Path

FOLDER = Path.home() / ".cache" / "callsift" / "tools"


def find(name: str) -> str | None:
    """Return the path of a program, or None."""
    folders = (os.environ.get("PATH", ""), str(Path(sys.executable).parent), str(FOLDER))
    return shutil.which(name, path=os.pathsep.join(folders))
