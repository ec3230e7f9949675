"""The identity of a day's edition: what it holds and what it was made with, never when."""

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np

from cityflow.contracts import Attribution
from cityflow.storage.canonical import digest, dumps
from cityflow_processor.comptages.fields import DIGEST
from cityflow_processor.comptages.geography import Geography
from cityflow_processor.comptages.measure import METHOD_VERSION
from cityflow_processor.comptages.resolve import DayRecords
from cityflow_processor.comptages.thresholds import Thresholds
from cityflow_processor.tables import WRITER_VERSION

EDITION_DIGITS = 20


def records_digest(records: DayRecords) -> str:
    """SHA-256 of the canonical records, independent of how they arrived or were chunked."""
    state = hashlib.sha256()
    state.update(dumps({"attributes": records.attributes[DIGEST].to_list()}).encode())
    columns = (
        records.arc,
        records.hour,
        records.flow,
        records.occupancy,
        records.state,
        records.status,
    )
    for column in columns:
        state.update(np.ascontiguousarray(column, dtype="<i4").tobytes())
    return state.hexdigest()


def edition_id(
    records: DayRecords,
    day: date,
    geography: Geography,
    limits: Thresholds,
    credits: Sequence[Attribution],
) -> str:
    """Twenty hex digits over the records, the context editions, the versions, and the sources."""
    identity = {
        "dataset": "comptages",
        "day": str(day),
        "records": records_digest(records),
        "referentiel": geography.referentiel_edition,
        "arrondissements": geography.zones_edition,
        "thresholds": limits.version,
        "method": METHOD_VERSION,
        "writer": WRITER_VERSION,
        "sources": [credit.attribution for credit in credits],
    }
    return digest(dumps(identity))[:EDITION_DIGITS]
