"""Which documents a server may drop by itself, and when: runs of the ledger, if a setting asks."""

from datetime import UTC, datetime, timedelta
from typing import Final

_LEDGER: Final = frozenset({"run", "running"})


def expires_at(type: str, runs_ttl_days: int | None) -> datetime | None:
    """When a document of this type, written now, may be dropped (UTC); None: never."""
    if runs_ttl_days is None or type not in _LEDGER:
        return None
    return datetime.now(UTC) + timedelta(days=runs_ttl_days)
