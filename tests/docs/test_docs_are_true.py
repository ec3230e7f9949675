"""What README.md and docs/*.md name exists: commands, options, targets, routes, settings, files."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("README.md"), *(ROOT / "docs").glob("*.md")])
TOPS = ("core/", "services/", "simulator/", "tests/", "docs/", "deploy/", "benchmarks/", "scripts/")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def snippets(text: str) -> list[str]:
    """Lines of code blocks and inline code."""
    fence = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
    lines = [line for block in fence.findall(text) for line in block.splitlines()]
    return [*lines, *re.findall(r"`([^`\n]+)`", fence.sub("", text))]


def calls(text: str) -> Iterator[list[str]]:
    """Command lines in the code of a page, as words, without what stands before the command."""
    for snippet in snippets(text.replace("\\\n", " ")):
        for part in re.split(r"&&|\|\||[|;]", re.sub(r"\s#.*|^\s*\$ ", "", snippet)):
            words = _words(re.sub(r"[\[\]]", " ", part))
            while words and (re.match(r"[A-Z_]+=", words[0]) or words[0] in ("time", "sudo")):
                words.pop(0)
            if words:
                yield [Path(words[0]).name, *words[1:]]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an apostrophe in prose
        return text.split()


def command_faults(house, text: str) -> list[str]:
    faults = []
    for name, *rest in calls(text):
        if name.startswith("python") and rest[:1] == ["-m"] and "cityflow" in rest[1]:
            faults += _module_faults(house, rest[1], rest[2:])
        elif re.fullmatch(r"cityflow(-[a-z]+)?", name):
            if name in house.scripts:
                faults += _argument_faults(name, house.command(house.scripts[name]), rest)
            elif rest or name not in house.other_names:
                faults.append(f"no command {name}")
    return faults


def _module_faults(house, module: str, words: list[str]) -> list[str]:
    if importlib.util.find_spec(module) is None:
        return [f"no module {module}"]
    return _argument_faults(module, house.command(f"{module}:app"), words)


def _argument_faults(name: str, command, words: list[str]) -> list[str]:
    subcommands = getattr(command, "commands", {})
    plain = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    if subcommands and words and words[0] != "--help":
        if not plain or plain[0] != words[0] or plain[0] not in subcommands:
            return [f"{name} has no subcommand {words[0]}"]
        command = subcommands[plain[0]]
    known = {"--help", *(opt for param in getattr(command, "params", []) for opt in param.opts)}
    given = [word.partition("=")[0].rstrip(",.") for word in words if word.startswith("--")]
    return [f"{name} has no option {option}" for option in given if option not in known]


def make_faults(house, text: str) -> list[str]:
    faults = []
    for name, *rest in calls(text):
        for word in rest if name == "make" else []:
            variable, is_set, _ = word.partition("=")
            if is_set and variable not in house.make_variables:
                faults.append(f"make has no variable {variable}")
            if not is_set and re.fullmatch(r"[a-z][\w-]*", word) and word not in house.targets:
                faults.append(f"make has no target {word}")
    return faults


def route_faults(house, text: str) -> list[str]:
    named = re.findall(r"(?<![\w.])/(?:v1/[\w{}<>/.:-]+|healthz|readyz|openapi\.json)", text)
    return [f"no route {route}" for route in named if not _is_route(house, route.rstrip("./:"))]


def _is_route(house, route: str) -> bool:
    words = route.split("/")
    for rule in house.routes:
        parts = rule.split("/")
        same = (a == b or a == "{}" for a, b in zip(parts, words, strict=False))
        if len(parts) == len(words) and all(same):
            return True
    return False


def name_faults(house, text: str) -> list[str]:
    code = " ".join(snippets(text))
    named = re.findall(r"(?<![\w<=-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w.>-])", code)
    named += re.findall(r"(?<![\w<-])([A-Z][A-Z0-9]+)=", code)
    return [f"no setting or constant {name}" for name in named if name not in house.names]


def path_faults(page: Path, text: str) -> list[str]:
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if ":" not in link]
    paths = [word for code in snippets(text) for word in code.split() if word.startswith(TOPS)]
    whole = [path.rstrip(",:") for path in paths if not re.search(r"[<>*{}$…=]", path)]
    missing = [link for link in links if not (page.parent / link).exists()]
    return [f"no file {p}" for p in [*missing, *(p for p in whole if not (ROOT / p).exists())]]


@pages
def test_every_command_and_option_exists(house, page):
    assert command_faults(house, page.read_text(encoding="utf-8")) == []


@pages
def test_every_make_target_exists(house, page):
    assert make_faults(house, page.read_text(encoding="utf-8")) == []


@pages
def test_every_route_exists(house, page):
    assert route_faults(house, page.read_text(encoding="utf-8")) == []


@pages
def test_every_setting_exists(house, page):
    assert name_faults(house, page.read_text(encoding="utf-8")) == []


@pages
def test_every_link_and_path_exists(page):
    assert path_faults(page, page.read_text(encoding="utf-8")) == []


TRUE = """
```
$ cityflow-reporter run --date 2025-03-30 --json && make help
OUTPUT_DIR=/data .venv/bin/cityflow-reporter run --from 2025-03-01 \\
  --to 2025-03-31
make demo SERVE=0   # stops before serving
curl http://127.0.0.1:8000/v1/days/2025-03-30/arcs?limit=5
```
`pip install cityflow-core`, `cityflow-core`, `python -m cityflow.docs check`, [docs](docs.md),
`MONGODB_URL_FILE`, `/v1/reports/{date}`, GET /healthz.
"""


def test_a_true_page_passes(house):
    assert command_faults(house, TRUE) == []
    assert make_faults(house, TRUE) == []
    assert route_faults(house, TRUE) == []
    assert name_faults(house, TRUE) == []


@pytest.mark.parametrize(
    ("check", "text", "fault"),
    [
        (command_faults, "`cityflow-nothing`", "no command cityflow-nothing"),
        (command_faults, "`cityflow-reporter walk`", "no subcommand walk"),
        (command_faults, "`cityflow-reporter run [--dtae D]`", "no option --dtae"),
        (command_faults, "`python -m cityflow.nothing`", "no module cityflow.nothing"),
        (command_faults, "`python -m cityflow.docs burn`", "no subcommand burn"),
        (make_faults, "```\nmake demo && make hepl\n```", "no target hepl"),
        (make_faults, "`make demo SERV=0`", "no variable SERV"),
        (route_faults, "see /v1/days/{date}/arks", "no route /v1/days/{date}/arks"),
        (name_faults, "`USE_S4=true`", "no setting or constant USE_S4"),
        (name_faults, "`ENGNE=dask`", "no setting or constant ENGNE"),
    ],
)
def test_a_false_page_is_caught(house, check, text, fault):
    assert any(fault in found for found in check(house, text))


def test_a_missing_file_is_caught():
    text = "[guide](missing.md) and `core/src/cityflow/missing.py`, not `core/<name>/missing.py`"
    faults = path_faults(ROOT / "docs" / "page.md", text)
    assert faults == ["no file missing.md", "no file core/src/cityflow/missing.py"]
