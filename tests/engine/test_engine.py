"""What the trials on a container engine do where there is none, and what they take from the chart."""

import os
import subprocess
import sys

import pytest

from tests.engine.pod import VALUES, pod_options
from tests.images.dockerfile import images


@pytest.mark.parametrize("trial", ["images", "compose"])
def test_a_trial_is_skipped_with_the_reason_where_there_is_no_engine(trial: str) -> None:
    nowhere = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    command = [sys.executable, "-m", f"tests.engine.{trial}"]
    ended = subprocess.run(command, env=os.environ | nowhere, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr.startswith("skipped: ")
    assert "docker" in ended.stderr


@pytest.mark.parametrize("name", [image.name for image in images()])
def test_a_container_may_no_more_than_the_charts_pod(name: str) -> None:
    options = pod_options(name)
    assert options[:2] == ["--user", "10001:10001"]
    assert "--read-only" in options
    assert options[options.index("--cap-drop") + 1] == "ALL"
    assert options[options.index("--security-opt") + 1] == "no-new-privileges"
    profiles = {
        VALUES[context]["seccompProfile"]["type"] for context in ("podSecurityContext", "containerSecurityContext")
    }
    assert profiles == {"RuntimeDefault"}


def test_a_container_has_the_charts_memory_room_and_settings() -> None:
    transcribe = pod_options("transcribe")
    assert transcribe[transcribe.index("--memory") + 1] == "7g"
    assert "/tmp:size=4g,mode=1777" in transcribe
    assert "CALLSIFT_RUNNER_WINDOW_SIZE=4" in transcribe
    assert "/tmp:size=256m,mode=1777" in pod_options("sink")
