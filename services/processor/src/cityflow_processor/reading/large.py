"""What is large enough for two processes. Light to load: it is asked before anything else is."""

from typing import Final

from cityflow.storage import Store, layout

READER_VERSION: Final = "r4"
LARGE_BYTES: Final = 128 << 20


def holds_unread(store: Store, dataset: str) -> bool:
    """Whether an archived file that is large is not split yet; registered ones are not looked at.

    Raises StoreUnavailable.
    """
    large = (
        layout.raw_digest(info.key)
        for info in store.objects.list(f"raw/{dataset}/")
        if info.size >= LARGE_BYTES
    )
    manifests = (layout.split_manifest(dataset, digest, READER_VERSION) for digest in large)
    return any(store.objects.size(key) is None for key in manifests)
