"""Reads named values from the environment, secret files and `.env`; empty means unset.

The environment wins over `.env`. A secret NAME may stand in the file named by NAME_FILE instead;
given both ways, it is an error: nobody could tell which one counts.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

from dotenv.parser import parse_stream

from cityflow.errors import BadArguments

Origin = Literal["default", "environment", "file", ".env"]

PREFIX: Final = "CITYFLOW_"
DOTENV: Final = Path(".env")

# Names of other tools that happen to lie within two letters of ours.
_OF_OTHERS: Final = frozenset(
    {"API_ROOT", "API_TEST", "APP_HOST", "APP_PORT", "APP_URL", "USE_TF", "USE_TZ"}
)


@dataclass(frozen=True)
class Given:
    """A value that was given for a setting, and where; its text is kept out of any repr."""

    text: str = field(repr=False)
    origin: Origin


class Misspelt(NamedTuple):
    """A name that is no setting, and the setting it is within two letters of."""

    name: str
    known: str


def read_environment(
    names: Mapping[str, bool], environ: Mapping[str, str] | None
) -> tuple[dict[str, Given], list[Misspelt]]:
    """Values given for `names` (name → is it a secret), and other names that look like them.

    `environ` is taken alone; None means this process's environment and, off AWS, the file `.env`
    of the working directory. Raises BadArguments for an unknown CITYFLOW_* name, a secret given
    twice, and a file that cannot be read.
    """
    found = _everything(environ)
    files = {f"{name}_FILE": name for name, secret in names.items() if secret}
    misspelt = _misspelt(found, [*names, *files])
    given = {name: found[name] for name in names if name in found}
    for file_name, name in files.items():
        if file_name in found:
            if name in given:
                raise BadArguments(f"both {name} and {file_name} are set; unset one of them")
            given[name] = Given(_secret(file_name, Path(found[file_name].text)), "file")
    return given, misspelt


def read_file(path: Path) -> dict[str, str]:
    """The names and values of a file in the form of `.env`. Raises BadArguments."""
    return {name: given.text for name, given in _dotenv(path)}


def _everything(environ: Mapping[str, str] | None) -> dict[str, Given]:
    own = os.environ if environ is None else environ
    values = {name: Given(text.strip(), "environment") for name, text in own.items()}
    found = {name: given for name, given in values.items() if given.text}
    if environ is None and "AWS_EXECUTION_ENV" not in found and DOTENV.is_file():
        return dict(_dotenv(DOTENV)) | found
    return found


def _dotenv(path: Path) -> Iterator[tuple[str, Given]]:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            lines = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise BadArguments(f"{path} cannot be read ({_reason(error)}); mend or remove it") from None
    for line in lines:
        if line.error:
            raise BadArguments(
                f"{path}, line {line.original.line}: not NAME=value; mend or remove that line"
            )
        if line.key and line.value and line.value.strip():
            yield line.key, Given(line.value.strip(), ".env")


def _secret(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadArguments(
            f"{name}={path} cannot be read ({_reason(error)}); name a file that holds the secret"
        ) from None
    if not text:
        raise BadArguments(f"{name}={path} is empty; write the secret into it or unset {name}")
    return text


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "?" if isinstance(error, OSError) else "it is not UTF-8 text"


def _misspelt(found: Mapping[str, Given], known: list[str]) -> list[Misspelt]:
    misspelt = []
    for name in sorted(set(found) - set(known) - _OF_OTHERS):
        near = nearest(name, known)
        if name.upper().startswith(PREFIX):
            hint = f"did you mean {near}?" if near else f"known are {_own(known)}"
            raise BadArguments(f"{name} ({found[name].origin}) is not a setting; {hint}")
        if near:
            misspelt.append(Misspelt(name, near))
    return misspelt


def _own(known: list[str]) -> str:
    return ", ".join(name for name in known if name.startswith(PREFIX))


def nearest(name: str, known: list[str]) -> str | None:
    """The known name closest to `name`, upper or lower case, at most two letters away."""
    for letters in range(3):
        for candidate in known:
            if _within(name.upper(), candidate, letters):
                return candidate
    return None


def _within(one: str, other: str, edits: int) -> bool:
    """True if at most `edits` letters are added, dropped or replaced between the two."""
    if not one or not other:
        return len(one) + len(other) <= edits
    if one[0] == other[0]:
        return _within(one[1:], other[1:], edits)
    return edits > 0 and (
        _within(one[1:], other, edits - 1)
        or _within(one, other[1:], edits - 1)
        or _within(one[1:], other[1:], edits - 1)
    )
