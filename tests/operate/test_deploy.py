"""deploy/: what can be checked of the units, the settings file, the Compose file and the Dockerfile without starting them."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from openi.supervisor import options, programs
from tests.operate.servers import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
KNOWN = set(re.findall(r"\bOPENI_[A-Z0-9_]+", (ROOT / ".env.example").read_text()))


def command_of(unit: Path) -> list[str]:
    """ExecStart as words."""
    found = re.search(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
    assert found, unit
    return shlex.split(found.group(1))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/openi", str(ROOT)))
    units = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_units_run_what_script_server_runs() -> None:
    """Same programs and applications; ports, workers and threads differ on purpose."""
    given = options.Options("127.0.0.1", 8000, 8001, 8002, Path("/var/lib/openi"), None, False)
    ours = {child.name: programs.started(child.command) for child in programs.programs(given) if child.grows}
    for unit in ("web", "live", "ssh", "worker", "beat"):
        command = command_of(DEPLOY / "systemd" / f"openi-{unit}.service")
        by_itself = ["python"] if unit == "web" else [Path(ours[unit][0]).name]  # preloaded.py, where it is granian's first process
        assert [Path(command[0]).name] == by_itself
        name = {"web": "openi.wsgi:application", "live": "openi.asgi:application", "ssh": "serve_ssh", "worker": "worker", "beat": "beat"}[
            unit
        ]
        assert name in command
        assert name in ours[unit]


def test_every_unit_is_wanted_and_none_invented() -> None:
    wanted = re.findall(r"openi-\w+\.service", (DEPLOY / "systemd/openi.target").read_text())
    assert sorted(wanted) == sorted(unit.name for unit in UNITS if unit.name != "openi-backup.service")


def test_the_settings_file_is_read_by_a_shell_and_names_known_settings() -> None:
    script = "set -aeu; . deploy/openi.env; env"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "OPENI_MAIL_FROM=OpenI <noreply@example.org>" in done.stdout.splitlines()
    assert set(re.findall(r"^(OPENI_\w+)=", done.stdout, re.MULTILINE)) <= KNOWN


def test_nginx_and_the_units_name_the_same_ports() -> None:
    site = (DEPLOY / "nginx.conf").read_text()
    upstreams = dict(re.findall(r"upstream openi_(\w+)\s*\{ server 127\.0\.0\.1:(\d+);", site))
    for part, unit in (("pages", "web"), ("git", "git"), ("live", "live")):
        command = command_of(DEPLOY / "systemd" / f"openi-{unit}.service")
        assert upstreams[part] == command[command.index("--port") + 1]
    accel = re.search(r"^OPENI_ACCEL_REDIRECT=(\S+)$", (DEPLOY / "openi.env").read_text(), re.MULTILINE)
    assert accel
    assert re.search(rf"location {accel.group(1)} \{{\s+internal;", site)


def test_the_compose_file_fits_together() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services, site = compose["services"], (DEPLOY / "nginx.conf").read_text()
    for name, service in services.items():
        assert set(service.get("depends_on", [])) <= services.keys(), name
        named = {volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith((".", "/"))}
        assert named <= compose["volumes"].keys(), name
        settings = {key for key in service.get("environment", {}) if key.startswith("OPENI_")}
        assert settings <= KNOWN, name
    for part in ("web", "git", "live"):
        port = re.search(r"--port (\d+)", services[part]["command"])
        assert port
        assert f"127.0.0.1:{port.group(1)}" in site
        assert f"s/127.0.0.1:{port.group(1)}/{part}:{port.group(1)}/" in services["nginx"]["command"]
    programs_used = {service["command"].split()[0] for name, service in services.items() if name not in ("nginx", "redis", "postgresql")}
    assert programs_used <= {"granian", "python", "celery", "sh"}


def test_the_image_takes_no_packages_data_or_secrets_of_the_host_along() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var", "deploy/.env"} <= set(ignored)
    steps = (DEPLOY / "Dockerfile").read_text()
    assert steps.index("COPY . .") < steps.index("RUN script/bootstrap") < steps.index("USER openi")
