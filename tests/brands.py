"""Two companies in one installation: the shipped taxonomy, and for some calls the clinic's."""

import shutil
from pathlib import Path

CLINIC = Path(__file__).parents[1] / "examples" / "clinic"
ROUTES = """
routes:
  - queue: [dental, orthodontics]
    taxonomy: clinic
  - metadata: {brand.name: Smile}
    taxonomy: clinic
"""


def brands(folder: Path) -> Path:
    """Write both into a folder, and return it."""
    (folder / "clinic").mkdir(parents=True)
    for name in ("taxonomy.yaml", "model.npz"):
        shutil.copy(CLINIC / name, folder / "clinic")
    (folder / "taxonomies.yaml").write_text(ROUTES, encoding="utf-8")
    return folder
