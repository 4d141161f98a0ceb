"""What the services of infra/compose.yaml may do, read from the file, and their commands tried on the tools here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.settings import read_settings

INFRA = Path(__file__).resolve().parents[2] / "infra"
COMPOSE: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("prefect", "mlflow", "evidently", "worker")
DOCKERFILE = (INFRA / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
TELEMETRY_OFF = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}


def instructions(kind: str) -> list[str]:
    return [line.removeprefix(f"{kind} ") for line in DOCKERFILE if line.startswith(f"{kind} ")]


def test_the_services_are_these():
    assert SERVICES.keys() == {"postgres", *OURS}


def test_nothing_is_published_but_on_loopback_and_the_database_and_the_worker_not_at_all():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"prefect", "mlflow", "evidently"}
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for ports in published.values() for port in ports)
    assert not [name for name, service in SERVICES.items() if "network_mode" in service or "privileged" in service]


def test_the_database_and_the_worker_have_no_way_out():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [SERVICES[name]["networks"] for name in ("postgres", "worker")] == [["inside"], ["inside"]]


def test_every_image_is_pinned_to_a_version():
    images = [service["image"] for service in SERVICES.values()] + [line.split()[0] for line in instructions("FROM")]
    assert all(re.search(r":\d+\.\d+\S*$", image) for image in images), images


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_can_write_where_it_must_only_and_phones_nobody(name: str):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["environment"].items() >= TELEMETRY_OFF.items()
    writable = [volume for volume in service.get("volumes", []) if not volume.endswith(":ro")]
    assert writable == (["home:/srv/holdfast"] if name == "worker" else [])


def test_no_password_stands_in_the_file():
    text = (INFRA / "compose.yaml").read_text() + (INFRA / "settings" / "compose.toml").read_text()
    assert not re.search(r"://\w*:[^@\s]*@", text)
    assert not re.search(r"(?i)password: *\S", text)
    assert all(secret.keys() == {"file"} for secret in COMPOSE["secrets"].values())
    asked = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert asked == COMPOSE["secrets"].keys()
    holders = [name for name, service in SERVICES.items() if "holdfast.key" in service.get("secrets", [])]
    assert holders == ["worker"]


def test_who_waits_for_whom_waits_for_its_health_check():
    waits = {(name, other): how for name, s in SERVICES.items() for other, how in s.get("depends_on", {}).items()}
    assert waits.keys() == {
        ("prefect", "postgres"), ("mlflow", "postgres"), ("worker", "prefect"), ("worker", "mlflow"),
    }  # fmt: skip
    assert all(how == {"condition": "service_healthy"} for how in waits.values())
    assert all("test" in SERVICES[other]["healthcheck"] for _, other in waits)


def test_files_that_are_mounted_exist():
    mounted = [volume.split(":")[0] for s in SERVICES.values() for volume in s.get("volumes", [])]
    ours = [INFRA / source for source in mounted if source.startswith("./")]
    assert len(ours) == 2
    assert all(source.exists() for source in ours)


def test_the_worker_and_the_server_mean_the_same_database():
    settings = read_settings(INFRA / "settings" / "compose.toml")
    assert f"--backend-store-uri={settings.mlflow.uri}" in SERVICES["mlflow"]["command"]
    made = re.findall(r"CREATE DATABASE (\w+);", (INFRA / "databases.sql").read_text())
    prefect = SERVICES["prefect"]["environment"]["PREFECT_API_DATABASE_CONNECTION_URL"]
    assert [settings.mlflow.uri.rsplit("/", 1)[1], prefect.rsplit("/", 1)[1]] == made == ["mlflow", "prefect"]


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one_that_the_tool_knows_with_all_its_options(name: str):
    words = [word.split("=")[0] for word in SERVICES[name]["command"]]
    options = [word for word in words if word.startswith("--")]
    subcommands = []
    for word in words[1:]:
        if word.startswith("--"):
            break
        subcommands.append(word)
    program = Path(sys.executable).with_name(words[0])
    asked = subprocess.run([program, *subcommands, "--help"], capture_output=True, text=True, check=True)
    assert options
    assert [option for option in options if not re.search(rf"{option}\b", asked.stdout)] == []


@pytest.mark.parametrize("name", ["prefect", "mlflow", "evidently"])
def test_a_health_check_asks_the_port_on_which_the_service_listens(name: str):
    how, program, flag, code = SERVICES[name]["healthcheck"]["test"]
    assert (how, program, flag) == ("CMD", "python", "-c")
    compile(code, name, "exec")
    (port,) = {word.rpartition("=")[2] for word in SERVICES[name]["command"] if re.search(r"(^|=)\d{4}$", word)}
    assert f"http://127.0.0.1:{port}" in code
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_the_image_installs_from_the_hashed_locks_and_nothing_else():
    installs = [part.strip() for line in instructions("RUN") for part in line.split("&&") if "pip install" in part]
    *locked, project = installs
    assert len(locked) == 2
    assert all("--require-hashes" in part and "--no-deps" in part for part in locked)
    assert [re.search(r"--requirement \S+/(\S+)$", part)[1] for part in locked] == ["build.txt", "runtime.txt"]  # type: ignore[index]
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(project.split())


def test_the_image_runs_as_a_user_of_its_own_from_the_last_step_on():
    assert instructions("USER") == ["holdfast"]
    after = DOCKERFILE[DOCKERFILE.index("USER holdfast") :]
    assert not [line for line in after if line.startswith("RUN ")]
    assert any("useradd --uid 10001" in line for line in instructions("RUN"))


def test_what_is_copied_exists_and_is_let_through_to_the_builder():
    sources = [word for line in instructions("COPY") for word in line.split()[:-1]]
    through = (INFRA / "Dockerfile.dockerignore").read_text().splitlines()
    assert all((INFRA.parent / source).exists() for source in sources)
    assert all(f"!{source.split('/')[0]}" in through for source in sources)
    assert "*" in through


def test_secrets_in_capitals_become_variables_of_the_service(tmp_path: Path):
    (tmp_path / "PGPASSWORD").write_text("a b$c'd\n")
    (tmp_path / "holdfast.key").write_text("not for the environment\n")
    shell = shutil.which("sh")
    assert shell
    ended = subprocess.run(
        [shell, INFRA / "entrypoint.sh", "env"],
        env={"PATH": "/usr/bin:/bin", "HOLDFAST_SECRETS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PGPASSWORD=a b$c'd\n" in ended.stdout
    assert "not for the environment" not in ended.stdout
