"""What the catalogue says of a dataset."""

from datetime import datetime
from typing import Any

from cityflow_simulator.published.dataset import LICENCE_URL, Dataset


def metadata(dataset: Dataset, now: datetime) -> dict[str, Any]:
    """The entry of one dataset, as of `now`."""
    about = dataset.about
    processed = dataset.processed(now).isoformat(timespec="milliseconds")
    return {
        "dataset_id": about.dataset_id,
        "dataset_uid": f"da_{about.dataset_id[:6]}",
        "attachments": [],
        "has_records": True,
        "data_visible": not about.forbidden,
        "fields": [
            {
                "name": field.name,
                "label": field.label,
                "description": field.description,
                "type": field.type,
                "annotations": {},
            }
            for field in about.fields
        ],
        "metas": {
            "default": {
                "title": about.title,
                "publisher": about.publisher,
                "license": about.licence,
                "license_url": LICENCE_URL,
                "timezone": "Europe/Paris",
                "modified": processed,
                "data_processed": processed,
                "metadata_processed": processed,
                "records_count": sum(part.rows for part in dataset.slices(now)),
            }
        },
    }
