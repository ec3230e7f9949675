"""Write, audit, publish: readers follow a pointer, and one conditional write moves it.

The edition document stands before the pointer names it and never changes, so a kill at any moment
leaves the earlier edition, or the new one, and nothing between.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from cityflow.contracts import Pointer
from cityflow.errors import VersionConflict
from cityflow.storage import rules
from cityflow.storage.paging import all_documents
from cityflow.storage.ports import Document, DocumentId, Store
from cityflow.telemetry import get_logger

Published = Literal["new", "unchanged", "lost_race"]

_log = get_logger(__name__)


@dataclass(frozen=True)
class Candidate:
    """An audited edition, ready to be published.

    `document` is the published document as JSON values; `now` the UTC time of publication.
    `expected` is `current_version()` as it was before the work began: if another edition was
    published since, this one lost the race.
    """

    dataset: str
    day: date
    edition: str
    document: Mapping[str, Any]
    status: Literal["published", "no_data"]
    records: int
    run_id: str
    now: datetime
    expected: int


class Editions:
    """Published editions of the datasets, and of `report`."""

    def __init__(self, store: Store) -> None:
        self._documents = store.documents

    def current(self, dataset: str, day: date) -> Pointer | None:
        """The pointer to the current edition, or None."""
        document = self._documents.get(_pointer_id(dataset, day))
        return _pointer(document) if document else None

    def current_version(self, dataset: str, day: date) -> int:
        """Version of the pointer, 0 if there is none: take it before the work begins."""
        document = self._documents.get(_pointer_id(dataset, day))
        return document.version if document else 0

    def pointers(
        self, dataset: str, first: date | None = None, last: date | None = None
    ) -> Iterator[Pointer]:
        """Pointers with first ≤ day ≤ last, by day."""
        return map(_pointer, all_documents(self._documents, f"pointer/{dataset}", first, last))

    def document(self, dataset: str, day: date, edition: str) -> dict[str, Any] | None:
        """The published document of an edition, current or earlier, or None."""
        document = self._documents.get(_edition_id(dataset, day, edition))
        return dict(document.body) if document else None

    def publish(self, candidate: Candidate) -> Published:
        """Make the candidate the current edition, by one conditional write.

        `unchanged`: it already was; nothing was written, unless its document had been lost.
        `lost_race`: another edition was published since the candidate looked; that one stands.
        """
        pointer_id = _pointer_id(candidate.dataset, candidate.day)
        held = self._documents.get(pointer_id)
        if held and held.body["edition"] == candidate.edition:
            if self.document(candidate.dataset, candidate.day, candidate.edition) is None:
                self._keep_document(candidate)
            return "unchanged"
        if (held.version if held else 0) != candidate.expected:
            return "lost_race"
        self._keep_document(candidate)
        pointer = _new_pointer(candidate, _pointer(held).edition if held else None)
        try:
            self._documents.put_if(pointer_id, pointer, candidate.expected)
        except VersionConflict:
            faster = self.current(candidate.dataset, candidate.day)
            same = faster is not None and faster.edition == candidate.edition
            return "unchanged" if same else "lost_race"
        return "new"

    def reinstate(self, candidate: Candidate, *, move_pointer: bool) -> bool:
        """Give back an edition that was published before; True if its document had been lost.

        `now` is when it was published. With `move_pointer` it becomes the current one: for days
        whose pointer is lost, edition after edition in their order.
        """
        lost = self.document(candidate.dataset, candidate.day, candidate.edition) is None
        self._keep_document(candidate)
        if move_pointer:
            self.publish(candidate)
        return lost

    def _keep_document(self, candidate: Candidate) -> None:
        id = _edition_id(candidate.dataset, candidate.day, candidate.edition)
        try:
            self._documents.put_if(id, candidate.document, 0)
        except VersionConflict:
            held = self._documents.get(id)
            if held is None or held.body != candidate.document:
                _log.warning(
                    "an edition document differs from the one held, which stands",
                    dataset=candidate.dataset,
                    day=str(candidate.day),
                    edition=candidate.edition,
                )


def _pointer_id(dataset: str, day: date) -> DocumentId:
    return DocumentId(f"pointer/{dataset}", day, "current")


def _edition_id(dataset: str, day: date, edition: str) -> DocumentId:
    return DocumentId(f"edition/{dataset}", day, edition)


def _pointer(document: Document) -> Pointer:
    return rules.parse(Pointer, rules.name_of(document.id), document.body)


def _new_pointer(candidate: Candidate, previous: str | None) -> dict[str, Any]:
    pointer = Pointer(
        dataset=candidate.dataset,
        day=candidate.day,
        edition=candidate.edition,
        run_id=candidate.run_id,
        published_at=rules.utc(candidate.now),
        status=candidate.status,
        records=candidate.records,
        previous=previous,
    )
    return pointer.model_dump(mode="json")
