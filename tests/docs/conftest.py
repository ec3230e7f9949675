"""What really exists in this repository: commands, make targets, routes, names of settings."""

import importlib
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import typer

from cityflow.settings import SECRETS, Settings, env_name
from cityflow_api.app import create_app

ROOT = Path(__file__).parents[2]
CODE = ("core", "services", "simulator", "scripts", "benchmarks", "deploy", "tests")


@dataclass(frozen=True)
class House:
    """The repository as it is; every property is a set of names that exist."""

    root: Path = ROOT

    @cached_property
    def projects(self) -> list[dict[str, Any]]:
        files = self.root.glob("**/pyproject.toml")
        read = [tomllib.loads(f.read_text()) for f in files if ".venv" not in f.parts]
        return [found["project"] for found in read if "project" in found]

    @cached_property
    def scripts(self) -> dict[str, str]:
        """Console commands: name to `module:object`."""
        return {k: v for p in self.projects for k, v in p.get("scripts", {}).items()}

    @cached_property
    def other_names(self) -> set[str]:
        """What is called cityflow-… without being a command: packages, tables, buckets."""
        defaults = {str(field.default) for field in Settings.model_fields.values()}
        return defaults | {project["name"] for project in self.projects}

    @cached_property
    def makefile(self) -> str:
        return (self.root / "Makefile").read_text()

    @cached_property
    def targets(self) -> set[str]:
        rules = re.findall(r"^([a-z][\w -]*):(?!=)", self.makefile, re.MULTILINE)
        return {target for rule in rules for target in rule.split()}

    @cached_property
    def make_variables(self) -> set[str]:
        return set(re.findall(r"^([A-Z_]+)\s*[?:]?=", self.makefile, re.MULTILINE))

    @cached_property
    def routes(self) -> set[str]:
        """Routes of the API with `{}` for each parameter."""
        rules = create_app(Settings()).url_map.iter_rules()
        return {re.sub(r"<[^>]+>", "{}", rule.rule) for rule in rules}

    @cached_property
    def names(self) -> set[str]:
        """Names in capitals: settings, make variables, constants, names that deployment sets."""
        settings = {env_name(field) for field in Settings.model_fields}
        files = {f"{env_name(field)}_FILE" for field in SECRETS}
        found = {name for text in self._sources for name in self._capitals(text)}
        return settings | files | self.make_variables | found

    @property
    def _sources(self) -> list[str]:
        ends = {".py", ".yml", ".yaml", ".tf", ".toml"}
        files = (f for top in CODE for f in (self.root / top).rglob("*") if f.suffix in ends)
        own = (self.root / "conftest.py", *files)
        return [file.read_text() for file in own if file != Path(__file__)]

    def _capitals(self, text: str) -> set[str]:
        assigned = re.findall(r"^\s*([A-Z][A-Z0-9_]+)\s*[:=]", text, re.MULTILINE)
        read = re.findall(r"""(?:environ(?:\.get)?[\[(]["']|\$\{)([A-Z][A-Z0-9_]+)""", text)
        return {*assigned, *read}

    def command(self, target: str) -> Any:
        """The click command behind `module:object`, or None if it takes no arguments."""
        module, _, name = target.partition(":")
        app = getattr(importlib.import_module(module), name)
        if not isinstance(app, typer.Typer):  # a light entry, which loads the command line itself
            found = importlib.import_module(f"{module.rpartition('.')[0]}.main")
            app = getattr(found, "app", None)
        return typer.main.get_command(app) if isinstance(app, typer.Typer) else None


@pytest.fixture(scope="session")
def house() -> House:
    return House()
