"""How each source answered, one small document a source and UTC day: its availability history."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from cityflow.calendar import DAY
from cityflow.contracts import SourceDay
from cityflow.storage import DocumentId, Documents, Json, rules
from cityflow.storage.paging import all_documents
from cityflow.storage.updating import update


class Availability:
    """The availability history of a store."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def note(
        self, source: str, tally: Counter[str], resting: Mapping[str, datetime], now: datetime
    ) -> None:
        """Add what a client counted: faults by kind, answers under the empty name."""
        if not tally:
            return
        id = DocumentId("source", now.date(), source)

        def change(held: Json | None) -> Json:
            day = SourceDay(source=source, day=now.date())
            before = rules.parse(SourceDay, rules.name_of(id), held) if held else day
            return _added(before, tally, resting, now).model_dump(mode="json")

        update(self._documents, id, change)

    def history(self, first: date, last: date) -> dict[str, list[SourceDay]]:
        """The days on which each source was asked, in order."""
        found: dict[str, list[SourceDay]] = {}
        for document in all_documents(self._documents, "source", first, last):
            day = rules.parse(SourceDay, rules.name_of(document.id), document.body)
            found.setdefault(day.source, []).append(day)
        return found

    def resting(self, now: datetime) -> dict[str, dict[str, datetime]]:
        """Of each source the hosts that may not be asked yet: their quota is used up."""
        return {
            source: {
                host: until for day in days for host, until in day.not_before.items() if until > now
            }
            for source, days in self.history(now.date() - DAY, now.date()).items()
        }


def _added(
    before: SourceDay, tally: Counter[str], resting: Mapping[str, datetime], now: datetime
) -> SourceDay:
    answered, failed = tally[""], tally.total() - tally[""]
    reasons = Counter(before.reasons)
    reasons.update({kind: count for kind, count in tally.items() if kind})
    return SourceDay(
        source=before.source,
        day=before.day,
        answered=before.answered + answered,
        failed=before.failed + failed,
        reasons=dict(sorted(reasons.items())),
        last_success_at=now if answered else before.last_success_at,
        last_failure_at=now if failed else before.last_failure_at,
        not_before=dict(resting),
    )
