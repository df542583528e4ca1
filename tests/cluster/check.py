"""The chart on the API server that KUBECONFIG names: ``python -m tests.cluster.check``, ``make cluster-check``.

In namespaces of their own with the restricted Pod Security Standard: a server-side dry run and an installation of every
set of values, a node drained against the disruption budgets, an upgrade while scaled, a rollback, and what stays after
uninstalling. Nodes are cordoned and labelled for moments: use a cluster that is there for trials.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from callsift.commands.output import notes
from streams.errors import CallsiftError
from tests.cluster.client import Cluster
from tests.cluster.drain import drain_one_node, refuse_second
from tests.cluster.dry_run import SETS, dry_run, refuse_root
from tests.cluster.life import install, roll_back, uninstall, upgrade_while_scaled
from tests.cluster.namespace import restricted_namespace, shared_folder
from tests.cluster.release import Release, values
from tests.cluster.sets import install_set
from tests.steps import print_steps, run_steps

VALUES = Path(__file__).parent / "values" / "check.yaml"
_PODS_EACH = 4


def check(
    values_file: Annotated[
        list[Path] | None,
        typer.Option("--values", help="Values over those of the check, for a cluster where pods really run."),
    ] = None,
    helm: Annotated[Path | None, typer.Option(help="Another helm than the one on the PATH.")] = None,
    keep: Annotated[bool, typer.Option(help="Leave the namespace as it is at the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check the chart on the cluster that KUBECONFIG names; exits with 1 at the first thing that is wrong.

    Makes namespaces of its own and volumes of a node's folders, cordons and labels nodes for moments, and removes all
    of it.
    """
    rows: list[dict[str, str | float]] = []
    try:
        with restricted_namespace("callsift-check", helm, keep=keep) as cluster:
            rows.append({"step": "versions", "seen": str(dict(cluster.versions())), "seconds": 0.0})
            with shared_folder(cluster, "recordings", Path("/var/tmp") / cluster.namespace) as storage_class:
                scaling = "keda" if cluster.has_keda() else "hpa"
                settings = {
                    "audioStore.persistence.storageClass": storage_class,
                    "workerDefaults.scaling.type": scaling,
                }
                options = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
                release = Release(cluster, [*values(VALUES, *(values_file or [])), *options])
                run_steps(_steps(cluster, release, helm), rows)
    except CallsiftError as error:
        notes.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    print_steps("The chart on this cluster", rows, as_json=as_json)


def _steps(cluster: Cluster, release: Release, helm: Path | None) -> dict[str, Callable[[], str]]:
    return {
        "a pod that may be root is refused": partial(refuse_root, cluster),
        **{f"dry run of {path.stem.removesuffix('-values')}": partial(dry_run, cluster, path) for path in SETS},
        **{f"installation of {path.stem.removesuffix('-values')}": partial(install_set, path, helm) for path in SETS},
        "install": partial(install, release),
        "helm test": partial(_test, release),
        "evict two of a stage": lambda: refuse_second(_scaled(release)),
        "drain a node": partial(drain_one_node, release),
        "upgrade while scaled": partial(upgrade_while_scaled, release),
        "rollback": partial(roll_back, release),
        "uninstall": partial(uninstall, release),
    }


def _scaled(release: Release) -> Release:
    """Every stage has pods enough to lose some, whether an autoscaler runs here or not."""
    release.scale(_PODS_EACH, *(deployment["metadata"]["name"] for deployment in release.deployments()))
    return release


def _test(release: Release) -> str:
    if release.cluster.has_fake_nodes():
        return "skipped: nothing runs on fake nodes"
    release.test()
    return "the topics are as the catalogue wants them, and a call went through"


if __name__ == "__main__":
    typer.run(check)
