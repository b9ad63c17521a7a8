"""docker-compose.yml and Dockerfile hold together; there is no Docker engine to ask."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from emovec_db.settings import Settings
from tests.conftest import ROOT, require
from tests.dockerfile import instructions

COMPOSE_FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
VARIABLES = {f"EMOVEC_{name.upper()}" for name in Settings.model_fields}


def programme(name: str) -> str:
    """The path of a tool of the environment that runs the tests."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    require(found, f"{name} is not installed (extra dev)")
    assert found is not None
    return found


def image_variables() -> dict[str, str]:
    words = [value for name, value in instructions(ROOT / "Dockerfile") if name == "ENV"]
    return dict(re.findall(r'(\w+)="?([^\s"]*)', " ".join(words)))


def test_follows_the_compose_specification() -> None:
    command = [programme("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE_FILE]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_dockerfile_is_lint_free() -> None:
    checked = subprocess.run(
        [programme("hadolint"), "--no-color", ROOT / "Dockerfile"], check=False, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_every_variable_has_a_default_or_is_required() -> None:
    text = COMPOSE_FILE.read_text()
    for substitution in re.findall(r"\$\{?[^}]*\}?", text):
        assert re.fullmatch(r"\$\{[A-Z_]+(:-[^}]*|:\?[^}]+)\}", substitution)


def test_required_variables_are_those_of_the_example() -> None:
    required = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE_FILE.read_text()))
    assert required == set(re.findall(r"^([A-Z_]+)=$", (ROOT / ".env.example").read_text(), re.MULTILINE))


@pytest.mark.parametrize("service", OURS)
def test_variables_are_settings(service: str) -> None:
    assert set(OURS[service]["environment"]) <= VARIABLES


def test_variables_of_the_image_are_settings() -> None:
    assert {name for name in image_variables() if name.startswith("EMOVEC_")} <= VARIABLES


@pytest.mark.parametrize("service", OURS)
def test_commands_exist(service: str) -> None:
    command = [sys.executable, "-m", "emovec_db", *OURS[service]["command"], "--help"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("service", OURS)
def test_data_folder_is_a_named_volume(service: str) -> None:
    mounts = dict(mount.split(":")[::-1] for mount in OURS[service]["volumes"])
    assert mounts[image_variables()["EMOVEC_DATA_DIR"]] in COMPOSE["volumes"]


def test_only_the_api_is_published_at_the_images_port() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["api"]
    assert published["api"][0].rpartition(":")[2] == image_variables()["EMOVEC_PORT"]


def test_the_schema_is_ready_before_api_and_worker_start() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "worker"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
