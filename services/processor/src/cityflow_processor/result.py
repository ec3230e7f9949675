"""What a command did: counts of the days asked for, as a document and as a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cityflow.contracts import Counts

if TYPE_CHECKING:
    from rich.table import Table

    from cityflow_processor.history import Compacted
    from cityflow_processor.publishing import DayDone


@dataclass
class Result:
    """Outcome of a run or backfill of one dataset.

    rows_in = published + rejected + duplicates + out_of_range, for the files that hold rows of
    the days asked for. Rejects without a readable time belong to no day and count all the same;
    empty rows stamped in the hour that spring removes count as out of range. What a red gate
    held back counts as it was read. `listed` are the rows of lists (counters, stations), which
    are published with every day.
    """

    dataset: str
    days: list["DayDone"] = field(default_factory=list)
    files: int = 0
    rows_in: int = 0
    out_of_range: int = 0
    listed: int = 0
    undated_rejects: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """Rows of the days asked for, and of the rest of the same files."""
        published = self.listed + sum(done.counts.published for done in self.days)
        duplicates = sum(done.counts.duplicates for done in self.days)
        rejected = sum(done.counts.rejected for done in self.days) + self.undated_rejects.total()
        return Counts(
            rows_in=self.rows_in,
            published=published,
            rejected=rejected,
            duplicates=duplicates,
            out_of_range=self.out_of_range,
        )

    @property
    def red_days(self) -> list[date]:
        """Days that a red gate kept from being published."""
        return [done.day for done in self.days if done.ending == "red"]

    def document(self) -> dict[str, Any]:
        """The result as JSON values."""
        reasons = Counter(self.undated_rejects)
        for done in self.days:
            reasons.update(done.rejected_by_reason)
        endings = Counter(done.ending for done in self.days)
        days = [done.day for done in self.days]
        body = self.counts.model_dump() | {
            "days": len(days),
            "days_without_data": sum(1 for done in self.days if done.is_without_data),
            "first_day": str(min(days)) if days else None,
            "last_day": str(max(days)) if days else None,
            "editions": {name: endings[name] for name in ("new", "unchanged", "red")},
            "files": self.files,
            "rejected_by_reason": dict(sorted(reasons.items())),
            "red": [_red(done) for done in self.days if done.ending == "red"],
            "unreadable": self.unreadable,
        }
        return {"datasets": {self.dataset: body}}

    def table(self) -> "Table":
        """The result for people."""
        from rich.table import Table

        body = self.document()["datasets"][self.dataset]
        table = Table(title=f"{self.dataset}: {body['first_day']} to {body['last_day']}")
        table.add_column("what")
        table.add_column("count", justify="right")
        for name in ("files", "rows_in", "published", "rejected", "duplicates", "out_of_range"):
            table.add_row(name, f"{body[name]:,}")
        for reason, count in body["rejected_by_reason"].items():
            table.add_row(f"  rejected: {reason}", f"{count:,}")
        table.add_row("days", f"{body['days']:,}")
        table.add_row("days without data from the source", f"{body['days_without_data']:,}")
        for name, count in body["editions"].items():
            table.add_row(f"editions {name}", f"{count:,}")
        for red in body["red"]:
            table.add_row(f"[red]{red['day']}", "; ".join(red["gates"]))
        for name in body["unreadable"]:
            table.add_row("[red]not read", name)
        return table


def _red(done: "DayDone") -> dict[str, Any]:
    gates = [f"{c.name}: {c.message}" for c in done.checks if c.severity == "red"]
    return {"day": str(done.day), "gates": gates}


def months_document(done: Sequence["Compacted"]) -> dict[str, Any]:
    """What became of completed months, as JSON values."""
    return {"months": [asdict(one) | {"month": f"{one.month:%Y-%m}"} for one in done]}


def months_table(done: Sequence["Compacted"]) -> "Table":
    """The same for people."""
    from rich.table import Table

    table = Table("month", "outcome", title="Completed months")
    for name in ("days", "rows"):
        table.add_column(name, justify="right")
    for one in done:
        table.add_row(f"{one.month:%Y-%m}", one.outcome, f"{one.days}", f"{one.rows:,}")
    return table
