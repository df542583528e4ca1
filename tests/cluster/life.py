"""A release's life: installed, upgraded while it is scaled, rolled back, uninstalled."""

from tests.cluster.client import ClusterRefused, wait_until
from tests.cluster.release import NAME, SELECTOR, Release

_SCALED = 5
_CHANGE = ("--set", "config.CALLSIFT_LOG_LEVEL=DEBUG")
_CLAIMS = {"persistentvolumeclaim"}


def install(release: Release) -> str:
    """Install, and see to it that every Deployment has its pods and every claim its volume.

    Raises:
        ClusterRefused: It does not get there.
    """
    release.install()
    claims = release.cluster.get("persistentvolumeclaims", "-l", SELECTOR)["items"]
    if unbound := [found["metadata"]["name"] for found in claims if found["status"]["phase"] != "Bound"]:
        raise ClusterRefused(f"not bound: {', '.join(unbound)}", "Look at the volumes")
    return f"{len(release.deployments())} Deployments available, hook Jobs done"


def upgrade_while_scaled(release: Release) -> str:
    """Upgrade a release whose transcribe stage an autoscaler has set to 5, to settings that replace every pod.

    Raises:
        ClusterRefused: The upgrade set another number, or a pod went before its successor was there.
    """
    name = f"{NAME}-transcribe"
    release.scale(_SCALED, name)
    before = _uids(release)
    with release.watched() as seen:
        release.upgrade(*_CHANGE)
    _is_told(release, "DEBUG")
    if kept := before & _uids(release):
        raise ClusterRefused(f"{len(kept)} pods still have the old settings", "Look at checksum/config")
    if seen.wanted[name] != {_SCALED}:
        raise ClusterRefused(f"{name} was told to have {seen.wanted[name]} pods", "The upgrade set `replicas`")
    if worst := {name: count for name, count in seen.missing.items() if count}:
        raise ClusterRefused(f"pods went before their successors were there: {worst}", "Look at `strategy`")
    return f"replicas stayed {_SCALED}, no pod missing while all {len(before)} were replaced"


def roll_back(release: Release) -> str:
    """Roll back to the first revision.

    Raises:
        ClusterRefused: It kept the newer settings, or set another number of pods.
    """
    name = f"{NAME}-transcribe"
    with release.watched() as seen:
        release.cluster.helm("rollback", NAME, "1")
        release.wait_until_available()
    _is_told(release, "")
    if seen.wanted[name] != {_SCALED}:
        raise ClusterRefused(f"{name} was told to have {seen.wanted[name]} pods", "The rollback set `replicas`")
    return f"settings as before, replicas stayed {_SCALED}"


def uninstall(release: Release) -> str:
    """Uninstall, and see to it that the recordings' claim stays, if there is one of the release, and nothing else does.

    Raises:
        ClusterRefused: Something stayed, or the claim went.
    """
    ours = release.cluster.kubectl("get", "persistentvolumeclaims", "-l", SELECTOR, "-o", "name").split()
    release.cluster.helm("uninstall", NAME, "--wait", "--timeout", "5m")
    to_keep = _CLAIMS if ours else set()
    wait_until("only claims are left", lambda: _kinds_left(release) <= to_keep)
    if _kinds_left(release) != to_keep:
        raise ClusterRefused("the claim with the recordings is gone", "Look at helm.sh/resource-policy")
    return "the claim with the recordings stays, nothing else" if ours else "nothing stays"


def _uids(release: Release) -> set[str]:
    return {pod["metadata"]["uid"] for pod in release.pods()}


def _is_told(release: Release, level: str) -> None:
    found = release.cluster.get("configmap", NAME)["data"].get("CALLSIFT_LOG_LEVEL", "")
    if found != level:
        raise ClusterRefused(f"CALLSIFT_LOG_LEVEL is {found!r}, not {level!r}", "Look at the release's history")


def _kinds_left(release: Release) -> set[str]:
    """Return the kinds of which the namespace has objects of the release."""
    listable = ("api-resources", "--namespaced", "--verbs=list,create", "-o", "name")
    kinds = [kind for kind in release.cluster.kubectl(*listable).split() if not kind.startswith("events")]
    names = release.cluster.kubectl("get", ",".join(kinds), "-l", SELECTOR, "-o", "name").split()
    return {name.split("/")[0].split(".")[0] for name in names}
