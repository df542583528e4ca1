"""Images of others are pinned, and somebody has looked for newer ones within the last year."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = {
    "docker-compose.kafka.yml": re.compile(r"image: ([\w./-]+:v?\d\S+)(?: # pinned (\d{4}-\d\d-\d\d))?"),
    "deploy/docker/Dockerfile": re.compile(r"(?:# pinned (\d{4}-\d\d-\d\d)\n)?ARG PYTHON_IMAGE=(\S+)"),
}
LOOKED_FOR_WITHIN = timedelta(days=365)


def pins() -> dict[str, str | None]:
    """Return the day that is written beside each image, by image."""
    found = {}
    for name, pattern in PINS.items():
        for one, other in pattern.findall((ROOT / name).read_text(encoding="utf-8")):
            day, image = sorted((one, other), key=lambda text: ":" in text)
            found[image] = day or None
    return found


def test_every_image_of_others_is_among_the_pins() -> None:
    named = {image.split(":")[0] for image in pins()}
    assert named == {"apache/kafka", "mongo", "prom/prometheus", "grafana/grafana", "python"}


@pytest.mark.parametrize(("image", "day"), pins().items(), ids=list(pins()))
def test_somebody_has_looked_for_a_newer_image_within_a_year(image: str, day: str | None) -> None:
    assert day is not None, f"{image}: write `# pinned` and the day beside it"
    age = datetime.now(UTC).date() - date.fromisoformat(day)
    assert age < LOOKED_FOR_WITHIN, f"{image} was chosen {age.days} days ago: take the newest patch, and write today"


def test_renovate_looks_after_every_file_that_has_pins() -> None:
    config = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    assert {"docker-compose", "dockerfile"} <= set(config["enabledManagers"])
    patterns = [*config["docker-compose"]["managerFilePatterns"], *config["dockerfile"]["managerFilePatterns"]]
    for name in PINS:
        assert any(re.search(pattern.strip("/"), name) for pattern in patterns), name
