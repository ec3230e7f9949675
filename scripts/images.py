"""What the built images hold: a bill of materials of each, and an audit of its exact versions.

Both are read from the images themselves: `make sbom`, `make check-containers`.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

ROOT: Final = Path(__file__).resolve().parent.parent
TOOLS: Final = ROOT / ".venv" / "images" / "bin"
BILLS: Final = ROOT / "sbom"
PROJECTS: Final = {
    **{name: f"services/{name}" for name in ("ingest", "processor", "reporter", "api")},
    "dashboard": "services/dashboard",
    "simulator": "simulator",
}
METADATA: Final = (
    'cd "$(python -c "import sysconfig; print(sysconfig.get_path(\'purelib\'))")" '
    "&& tar -c -- *.dist-info"
)
DEBIAN: Final = r"dpkg-query --show --showformat '${Package}\t${Version}\t${Architecture}\n'"
VULNERABLE: Final = "pip==23.0"
"""Every advisory service warns of this version: an audit that finds nothing in it knows nothing."""


def main() -> int:
    """Write the bills, or audit; returns the exit code."""
    parser = argparse.ArgumentParser(description="What the built images hold.")
    parser.add_argument("what", choices=["sbom", "audit"])
    return {"sbom": write_bills, "audit": audit}[parser.parse_args().what]()


def write_bills() -> int:
    """A CycloneDX document an image in `sbom/`: Python's packages and Debian's."""
    BILLS.mkdir(exist_ok=True)
    for name in PROJECTS:
        with installed(name) as python:
            bill = _python_packages(name, python)
        bill["components"] += _debian_packages(name)
        path = BILLS / f"{name}.cdx.json"
        path.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
        _say("sbom", f"{path.relative_to(ROOT)}: {len(bill['components'])} components")
    return 0


def audit() -> int:
    """Known vulnerabilities of what is in each image; NOT RUN where no advisories can be had."""
    if not any(one["vulns"] for one in _advisories([VULNERABLE]) or []):
        _say("pip-audit", "NOT RUN: the advisory service cannot be reached from here")
        return 0
    bad = 0
    for name in PROJECTS:
        found = _advisories(lock(name))
        if found is None:
            return 1
        warned = [f"{one['name']} {one['version']}" for one in found if one["vulns"]]
        _say("pip-audit", f"{name}: {len(found)} packages, {', '.join(warned) or 'no warning'}")
        bad += len(warned)
    return 1 if bad else 0


def lock(name: str) -> list[str]:
    """Name and version of every package in an image, but for our own."""
    with installed(name) as python:
        (site,) = python.parents[1].glob("lib/python*/site-packages")
        found = {(one.name, one.version) for one in distributions(path=[str(site)])}
    return [f"{name}=={version}" for name, version in sorted(found) if "cityflow" not in name]


@contextmanager
def installed(name: str) -> Iterator[Path]:
    """A virtual environment here that says of itself what is installed in an image; its python."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, symlinks=True)
        (site,) = Path(folder).glob("lib/python*/site-packages")
        with tarfile.open(fileobj=io.BytesIO(_inside(name, METADATA))) as archive:
            archive.extractall(site, filter="data")
        yield Path(folder) / "bin" / "python"


def _say(what: str, text: str) -> None:
    sys.stdout.write(f"{what:13} {text}\n")
    sys.stdout.flush()


def _inside(name: str, script: str) -> bytes:
    """What a shell says in a container of an image."""
    image = f"cityflow/{name}:{os.environ.get('TAG', 'latest')}"
    options = ["--rm", "--network", "none", "--read-only", "--entrypoint", "sh"]
    return subprocess.run(
        ["docker", "run", *options, image, "-c", script], check=True, stdout=subprocess.PIPE
    ).stdout


def _python_packages(name: str, python: Path) -> dict[str, Any]:
    command = [str(TOOLS / "cyclonedx-py"), "environment", "--output-reproducible"]
    project = ["--pyproject", str(ROOT / PROJECTS[name] / "pyproject.toml"), str(python)]
    done = subprocess.run([*command, *project], check=True, stdout=subprocess.PIPE)
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def _debian_packages(name: str) -> Iterator[dict[str, str]]:
    for line in _inside(name, DEBIAN).decode().splitlines():
        package, version, architecture = line.split("\t")
        purl = f"pkg:deb/debian/{package}@{quote(version, safe='')}?arch={architecture}"
        yield {
            "type": "library", "bom-ref": purl, "name": package, "version": version, "purl": purl
        }  # fmt: skip


def _advisories(packages: list[str]) -> list[dict[str, Any]] | None:
    """What pip-audit says of each package; None, and its words on standard error: it cannot."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(packages) + "\n")
        file.flush()
        options = ["--strict", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
        done = subprocess.run(
            [str(TOOLS / "pip-audit"), *options, "--format", "json", "--requirement", file.name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if not done.stdout.strip():
        if packages != [VULNERABLE]:
            sys.stderr.write(done.stderr)
        return None
    found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    return found


if __name__ == "__main__":
    sys.exit(main())
