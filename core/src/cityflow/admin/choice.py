"""What of a store is moved or saved: kinds, and a range of service days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cityflow.errors import BadArguments
from cityflow.storage import layout
from cityflow.storage.ports import NO_DAY


@dataclass(frozen=True)
class Choice:
    """Document types and top folders of objects, each with all below it; none named: all.

    `without` are document types that are never wanted. Days limit what has a service day. Raw files
    and what is known of them have none: always chosen.
    """

    kinds: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    cache: bool = True
    without: frozenset[str] = frozenset()

    def types(self, held: Iterable[str]) -> list[str]:
        """Those of the document types that are wanted."""
        return [type for type in held if self._is_wanted(type)]

    def wants_object(self, key: str) -> bool:
        """Whether an object is wanted."""
        if not self._is_wanted(key) or (key.startswith(layout.CACHE) and not self.cache):
            return False
        days = layout.service_days(key)
        return days is None or self._meets(*days)

    def wants_day(self, day: date) -> bool:
        """Whether documents of this day are wanted."""
        return day == NO_DAY or self._meets(day, day)

    def check(self, types: Iterable[str], folders: Iterable[str]) -> None:
        """Refuse (BadArguments) a kind of which the store holds nothing: it may be misspelt."""
        held = sorted({*types, *folders})
        for kind in self.kinds:
            if not any(_is_below(name, kind) for name in held):
                raise BadArguments(f"--types {kind}: there is none; there is: {', '.join(held)}")

    def _meets(self, first: date, last: date) -> bool:
        return (self.first is None or last >= self.first) and (
            self.last is None or first <= self.last
        )

    def _is_wanted(self, name: str) -> bool:
        wanted = not self.kinds or any(_is_below(name, kind) for kind in self.kinds)
        return wanted and name not in self.without


def _is_below(name: str, kind: str) -> bool:
    return name == kind or name.startswith(f"{kind}/")
