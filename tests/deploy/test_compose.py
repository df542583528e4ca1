"""The compose file: whole, without secrets, with every worker, and nothing in it that callsift does not know."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import AdminClient

from api.settings import ApiSettings
from callsift.settings import VARIABLES
from callsift.worker import ALL_WORKERS, API
from deploy.laptop.kafka import free_ports
from deploy.laptop.kafka_broker import command
from deploy.laptop.kafka_jars import CannotRunKafka, java, version
from streams.kafka import client_config
from streams.kafka.topic_admin import create_topics, drift, find_topics, wanted_topics
from streams.settings import KafkaSettings, RunnerSettings
from tests.images.dockerfile import argument, images
from tests.tools import find

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.kafka.yml"
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
TEXT = FILE.read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if "IMAGE_PREFIX" in service["image"]}
RUNNING = (*ALL_WORKERS, API)
"""The services of our own that take work until they are ended."""
OWN_VOLUMES = {
    "kafka": {"/var/lib/kafka/data", "/etc/kafka/secrets", "/mnt/shared/config"},
    "mongodb": {"/data/db", "/data/configdb"},
    "prometheus": {"/prometheus"},
}
"""Folders that the images of others declare as volumes."""
PASSWORDS = ("MONGO_ROOT_PASSWORD", "MONGO_PASSWORD", "GRAFANA_PASSWORD")


def interpolated(text: str) -> set[str]:
    return set(re.findall(r"\$\{([A-Z_0-9]+)", text))


def test_every_worker_and_the_api_have_a_service_that_runs_them() -> None:
    commands = {image.name: image.command for image in images()}
    for worker in RUNNING:
        target = SERVICES[worker]["build"]["target"]
        assert commands[target] == (("api",) if worker == API else ("worker", worker))
        assert f"-{target}:" in SERVICES[worker]["image"]
        assert "command" not in SERVICES[worker]


def test_only_settings_that_callsift_knows_are_named() -> None:
    named = {name for text in (TEXT, EXAMPLE) for name in re.findall(r"\bCALLSIFT_[A-Z0-9_]*[A-Z0-9]\b", text)}
    assert len(named) > 10
    assert named - VARIABLES == set()


def test_the_example_explains_every_variable_that_is_asked_for_and_no_other() -> None:
    explained: dict[str, str] = {}
    comment = ""
    for line in EXAMPLE.splitlines():
        if found := re.match(r"#?([A-Z][A-Z_0-9]*)=", line):
            explained[found[1]] = comment
        comment = line if line.startswith("# ") else ""
    assert explained.keys() - interpolated(TEXT) == {"COMPOSE_FILE", "COMPOSE_PROFILES"}
    assert interpolated(TEXT) - explained.keys() == set()
    bare = [name for name, said in explained.items() if not said or said.startswith("# ---")]
    assert bare == []


def test_defaults_in_the_example_are_those_of_the_file() -> None:
    commented = dict(re.findall(r"^#([A-Z][A-Z_0-9]*)=(.+)$", EXAMPLE, re.MULTILINE))
    del commented["CALLSIFT_FETCH_HEADERS"]  # an example: there is none by default
    for name, value in commented.items():
        assert re.search(rf"\$\{{{name}:?-{re.escape(value)}\}}", TEXT), name


def test_there_is_no_secret_in_the_files() -> None:
    for name in PASSWORDS:
        assert f"\n{name}=\n" in EXAMPLE
        assert set(re.findall(rf"\${{{name}[^}}]*}}", TEXT)) == {f"${{{name}:?set it in .env}}"}
    for line in TEXT.splitlines():
        if re.search(r"PASSWORD|API_KEY|CALLER_KEY|HEADERS", line.partition(":")[0]):
            assert "${" in line, line
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".env", "callsift.env"} <= set(ignored)


def test_only_services_that_need_a_secret_get_it() -> None:
    holders = {
        secret: {name for name, service in OURS.items() if secret in service.get("environment", {})}
        for secret in ("CALLSIFT_GEMINI_API_KEY", "CALLSIFT_MONGO_URI", "CALLSIFT_FETCH_HEADERS")
    }
    assert holders["CALLSIFT_GEMINI_API_KEY"] == {"classify", "reprocess", "operations", "tools"}
    assert holders["CALLSIFT_MONGO_URI"] == {"sink", "indexes", "operations", "webhooks", "api", "retention", "tools"}
    assert holders["CALLSIFT_FETCH_HEADERS"] == {"audio"}


@pytest.mark.parametrize("name", OURS)
def test_containers_of_our_own_have_no_privileges_and_a_read_only_root(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] or f"{name}-tmp:/tmp" in service["volumes"]


def test_what_a_call_needs_while_it_is_worked_on_is_on_the_disk() -> None:
    on_disk = {name for name, service in OURS.items() if not service["tmpfs"]}
    assert on_disk == {"audio", "transcribe", "api"}


def test_no_volume_is_without_a_name_so_that_down_leaves_none_behind() -> None:
    for name, service in SERVICES.items():
        mounted = {mount.split(":")[1] for mount in service.get("volumes", []) if ":" in mount}
        assert len(mounted) == len(service.get("volumes", [])), name
        assert OWN_VOLUMES.get(name, set()) <= mounted | set(service.get("tmpfs", [])), name


def test_old_data_is_removed_once_a_day_without_a_cron_job() -> None:
    shell, option, loop = SERVICES["retention"]["entrypoint"]
    assert (shell, option) == ("sh", "-c")
    assert "callsift retention run; sleep 86400" in loop
    assert SERVICES["retention"]["init"] is True


def test_workers_outlive_their_own_grace() -> None:
    assert all(
        float(SERVICES[name]["stop_grace_period"].rstrip("s")) > RunnerSettings().grace_s + 5 for name in RUNNING
    )


def test_a_service_starts_after_the_services_that_it_needs() -> None:
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    done = {"condition": "service_completed_successfully"}
    assert all(SERVICES[name]["depends_on"]["topics"] == done for name in RUNNING)
    assert SERVICES["transcribe"]["depends_on"]["model-fetch"] == done
    healthy = {"condition": "service_healthy"}
    assert SERVICES["sink"]["depends_on"]["mongodb"] == SERVICES["indexes"]["depends_on"]["mongodb"] == healthy
    after_indexes = {name for name, service in SERVICES.items() if "indexes" in service.get("depends_on", ())}
    assert after_indexes == {"sink", "operations", "webhooks", "api", "retention"}
    assert SERVICES["sink"]["depends_on"]["indexes"] == done
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed]


def test_nothing_is_published_but_on_this_machine_unless_env_says_so() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"kafka", "api", "prometheus", "grafana"}
    for [port] in published.values():
        assert re.match(r"127\.0\.0\.1:|\$\{\w+:-127\.0\.0\.1\}:", port)


def test_the_api_listens_where_its_port_is_published_to() -> None:
    listens = ApiSettings(listen=str(SERVICES["api"]["environment"]["CALLSIFT_API_LISTEN"])).listens_on
    assert listens[0] == ""
    assert SERVICES["api"]["ports"][0].endswith(f":{listens[1]}")


def test_transcribe_takes_no_more_calls_than_the_chart_lets_it() -> None:
    chart = yaml.safe_load((ROOT / "deploy/helm/callsift/values.yaml").read_text(encoding="utf-8"))
    window = chart["workers"]["transcribe"]["config"]["CALLSIFT_RUNNER_WINDOW_SIZE"]
    assert str(SERVICES["transcribe"]["environment"]["CALLSIFT_RUNNER_WINDOW_SIZE"]) == window


def test_images_say_which_version_and_commit_they_are_built_from() -> None:
    for service in OURS.values():
        if "build" in service:
            assert service["build"]["args"] == {
                "PYTHON_IMAGE": f"${{PYTHON_IMAGE:-{argument('PYTHON_IMAGE')}}}",
                "VERSION": f"${{IMAGE_TAG:-{argument('VERSION')}}}",
                "REVISION": f"${{REVISION:-{argument('REVISION')}}}",
            }


def test_versions_agree_with_those_that_the_tests_run_on() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version()}"
    assert f"${{PYTHON_IMAGE:-{argument('PYTHON_IMAGE')}}}" in TEXT
    assert all(
        re.search(r":v?\d+\.\d+\.\d+$", service["image"]) for name, service in SERVICES.items() if name not in OURS
    )


def test_every_volume_is_named_and_every_mounted_file_exists() -> None:
    volumes = yaml.safe_load(TEXT)["volumes"]
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", mount).split(":")[0]
            assert source in volumes or (ROOT / source).exists(), mount


@pytest.mark.integration
def test_a_real_kafka_starts_as_it_is_told_there_and_takes_the_topics(tmp_path: Path) -> None:
    told = SERVICES["kafka"]["environment"]
    properties = {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in told.items()}
    del properties["heap.opts"]  # for the image's start script
    free = {port: str(next_port) for port, next_port in zip(("9092", "29092", "9093"), free_ports(), strict=False)}
    written = "\n".join(f"{name}={value}" for name, value in properties.items())
    written = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", written).replace("kafka:", "localhost:")
    written = re.sub(r":(9092|29092|9093)\b", lambda found: f":{free[found[1]]}", written)
    written = written.replace("/var/lib/kafka/data", str(tmp_path / "data"))
    file = tmp_path / "server.properties"
    file.write_text(written, encoding="utf-8")
    try:
        path, _ = java()
        run = command(path)
    except CannotRunKafka as reason:
        pytest.skip(f"cannot run Kafka on this machine: {reason}")
    storage = [*run, "kafka.tools.StorageTool", "format", "-t", "5L6g3nShT-eMCtK--X86sw", "-c", str(file)]
    subprocess.run(storage, check=True, capture_output=True, cwd=tmp_path)
    with (tmp_path / "log").open("wb") as log:
        broker = subprocess.Popen([*run, "kafka.Kafka", str(file)], stdout=log, stderr=log, cwd=tmp_path)
    try:
        for listener in ("9092", "29092"):
            kafka = KafkaSettings(bootstrap_servers=f"localhost:{free[listener]}", replication_factor=1)
            client = AdminClient(client_config(kafka))
            client.list_topics(timeout=60)
            assert bool(create_topics(kafka)) == (listener == "9092")
            assert drift(wanted_topics(kafka), find_topics(kafka)) == []
    finally:
        broker.kill()
        broker.wait()


def test_composes_own_parser_takes_the_file() -> None:
    command = _compose()
    if command is None:
        pytest.skip("there is no docker-compose: `make deploy-tools` builds it (needs Go, and no engine)")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("CALLSIFT_", "COMPOSE_"))}
    parse = [*command, "-f", str(FILE), "--env-file", str(ROOT / ".env.example"), "--profile", "*", "config"]
    refused = subprocess.run([*parse, "-q"], env=own, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "set it in .env" in refused.stderr
    secrets = dict.fromkeys(PASSWORDS, "secret")
    ended = subprocess.run(parse, env=own | secrets, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    parsed = yaml.safe_load(ended.stdout)["services"]
    assert parsed.keys() == SERVICES.keys()
    assert parsed["sink"]["environment"]["CALLSIFT_MONGO_URI"].startswith("mongodb://callsift:secret@mongodb:27017/")
    assert "--sha256" not in parsed["model-fetch"]["command"]
    pinned = {"MODEL_SHA256": "a" * 64}
    ended = subprocess.run(parse, env=own | secrets | pinned, capture_output=True, text=True, check=True)
    assert yaml.safe_load(ended.stdout)["services"]["model-fetch"]["command"][-2:] == ["--sha256", "a" * 64]


def _compose() -> list[str] | None:
    if found := find("docker-compose"):
        return [found]
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return [docker, "compose"]
    return None
