"""Several taxonomies in Kubernetes, as docs/own-business.md says: every pod has the folder, and it can be used."""

import re
import shutil
from pathlib import Path

from schemas import Taxonomies
from tests.brands import brands
from tests.deploy.chart import POD_KINDS, pod_spec, rendered

DOCS = Path(__file__).parents[2] / "docs" / "own-business.md"


def test_the_volume_of_the_docs_is_a_folder_that_every_pod_can_use(tmp_path: Path) -> None:
    [values] = re.findall(r"```yaml\n(podDefaults:.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    file, kept = tmp_path / "values.yaml", brands(tmp_path / "brands")
    file.write_text(values, encoding="utf-8")
    for manifest in rendered("minimal", "--values", str(file)):
        if manifest["kind"] not in POD_KINDS:
            continue
        spec = pod_spec(manifest)
        [volume] = [one for one in spec["volumes"] if one["name"] == "brands"]
        for container in spec["containers"]:
            assert {"name": "CALLSIFT_TAXONOMY", "value": "/etc/callsift/brands"} in container["env"]
            assert "/etc/callsift/brands" in [mount["mountPath"] for mount in container["volumeMounts"]]
    config_maps = {"brands": kept, "brands-clinic": kept / "clinic"}
    mounted = tmp_path / "mounted"
    for source in (one["configMap"] for one in volume["projected"]["sources"]):
        keys = [path.name for path in config_maps[source["name"]].iterdir() if path.is_file()]
        for item in source.get("items", [{"key": key, "path": key} for key in keys]):
            (mounted / item["path"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(config_maps[source["name"]] / item["key"], mounted / item["path"])
    clinic = Taxonomies.load(mounted).all[1]
    assert clinic.version == "clinic-1"
    assert clinic.beside("model.npz") == mounted / "clinic" / "model.npz"
