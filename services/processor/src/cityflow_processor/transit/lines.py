"""The lines that a disruption touches, and how: as a whole, on a section, or at a stop."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Scope = Literal["line", "section", "stop"]
_WIDEST = ("stop", "section", "line")


@dataclass
class Lines:
    """Lines by identifier: name, mode, network and the widest scope that was named."""

    found: dict[str, list[str | None]] = field(default_factory=dict)

    def add(self, line: Mapping[str, Any], scope: Scope) -> None:
        """A line with the keys id, name, mode, network. Without an identifier it is no line."""
        name = line.get("id")
        if not isinstance(name, str) or not name:
            return
        held = self.found.setdefault(name, [None, None, None, scope])
        for at, key in enumerate(("name", "mode", "network")):
            held[at] = held[at] or (str(line[key])[:200] if line.get(key) else None)
        if _WIDEST.index(scope) > _WIDEST.index(str(held[3])):
            held[3] = scope

    def written(self) -> str:
        """As JSON text, in the order of identifiers."""
        rows = [[name, *about] for name, about in sorted(self.found.items())]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def items(found: Any, *path: str) -> list[dict[str, Any]]:
    """The objects in a list at the end of a path of members; none if there is none."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
