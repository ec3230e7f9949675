"""A request, and how it comes to nothing: why, and whether to ask the same host again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr

_CREDENTIALS: Final = re.compile(r"://[^/@\s]+@")
_LONGEST: Final = 300


@dataclass(frozen=True)
class Ask:
    """A GET request below the address of a source. `packed`: its answer is itself a gzip file."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    packed: bool = False


class Fault(Exception):
    """`kind` names it in a few words, for counting; `again`: the same host may do better the next
    time; `wait`: the seconds it asked us to wait first.
    """

    def __init__(
        self, kind: str, detail: str = "", *, again: bool = True, wait: float | None = None
    ) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind, self.again, self.wait = kind, again, wait


class Scrubber:
    """Takes secrets out of texts that others wrote: messages, headers, addresses."""

    def __init__(self, secrets: Iterable[SecretStr | None]) -> None:
        plain = [secret.get_secret_value() for secret in secrets if secret]
        self._secrets = [*plain, *(quoted for one in plain if (quoted := quote(one, "")) != one)]

    def clean(self, text: str) -> str:
        """The text on one line, shortened, without any secret."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        line = " ".join(_CREDENTIALS.sub("://***@", text).split())
        return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

    def found_in(self, content: bytes) -> bool:
        """Whether bytes hold a secret."""
        return any(secret.encode() in content for secret in self._secrets)
