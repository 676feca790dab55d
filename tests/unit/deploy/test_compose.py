"""What the containers may do, and which of them is told what."""

from pathlib import Path

import pytest
import yaml

from pipeline.settings import Settings

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
SECRETS = {"HF_TOKEN": "triton", "API_KEY": "adapter", "DATABASE_URL": "adapter"}
# Which only one of the two has a use for.
OF_ONE = {"CACHE_DIR", "DATA_DIR", "FFMPEG", "HOST", "PORT"}


@pytest.mark.parametrize("name", ["triton", "adapter"])
def test_a_container_can_do_nothing_that_it_does_not_need(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["pids_limit"] > 0
    assert service["mem_limit"].startswith("${")
    assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
    assert "privileged" not in service


@pytest.mark.parametrize(
    ("name", "written"), [("triton", ["/weights", "/tmp"]), ("adapter", ["/tmp", "/data"])]
)
def test_what_is_written_has_a_place_that_is_not_the_root(name, written):
    service = SERVICES[name]
    places = [volume.split(":")[1] for volume in service["volumes"]]
    places += [entry.split(":")[0] for entry in service.get("tmpfs", [])]
    assert places == written


@pytest.mark.parametrize(("secret", "owner"), SECRETS.items())
def test_a_secret_reaches_only_who_uses_it(secret, owner):
    assert [name for name, service in SERVICES.items() if secret in service["environment"]] == [
        owner
    ]


def test_nobody_is_handed_all_of_env():
    assert not any("env_file" in service for service in SERVICES.values())


@pytest.mark.parametrize("name", ["triton", "adapter"])
def test_every_other_setting_reaches_both(name):
    settings = {field.upper() for field in Settings.model_fields} - OF_ONE - SECRETS.keys()
    told = SERVICES[name]["environment"]
    assert settings - told.keys() == set()
    # What has no value is what the shell or .env says.
    fixed = {key for key in settings if told[key] is not None}
    assert {key for key in fixed if not key.startswith("TRITON_")} <= {"DEVICE"}


def test_tritons_ports_are_not_published():
    override = (ROOT / "docker-compose.cpu.yml").read_text(encoding="utf-8")
    assert "ports" not in SERVICES["triton"]
    assert "ports" not in override
    assert len(SERVICES["adapter"]["ports"]) == 1
