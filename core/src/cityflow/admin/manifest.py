"""What an export or a backup holds, with the digest of each part; written last.

The same content gives the same manifest, whatever store it came from and whenever.
"""

from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from cityflow.contracts import Manifest
from cityflow.errors import SourceError
from cityflow.storage import atomic, canonical, rules

NAME: Final = "manifest.json"

_SEAL: Final = "sha256_of_the_rest"
_LARGEST: Final = 256 << 20


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Declare the folder complete."""
    body = manifest.model_dump(mode="json")
    text = canonical.dumps(body | {_SEAL: canonical.digest(canonical.dumps(body))})
    path = folder / NAME
    with atomic.staged(folder, f"{text}\n".encode(), durable=True) as temporary:
        with atomic.faults(path, "write"):
            temporary.replace(path)
        atomic.sync(folder)


def read_manifest(folder: Path, kind: Literal["export", "backup"]) -> Manifest:
    """The manifest of a complete folder. Raises SourceError if it is none, or damaged."""
    path = folder / NAME
    try:
        with path.open("rb") as stream:
            text = stream.read(_LARGEST + 1)
    except OSError as error:
        raise SourceError(
            f"{path}: cannot be read ({error.strerror}); name the folder of a complete {kind}"
        ) from error
    manifest = _parse(path, text)
    if manifest.kind != kind:
        raise SourceError(f"{folder}: holds the other kind, an {manifest.kind}, not a {kind}")
    return manifest


def _parse(path: Path, text: bytes) -> Manifest:
    try:
        if len(text) > _LARGEST:
            raise ValueError(f"over {_LARGEST:,} bytes")
        body = canonical.loads(text)
        if body.pop(_SEAL) != canonical.digest(canonical.dumps(body)):
            raise ValueError("its digest does not fit")
        manifest = Manifest.model_validate(body)
        _check_names(manifest)
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
        detail = " ".join(str(error).split())[:200]
        raise SourceError(f"{path} is damaged: {detail}; use another copy") from error
    return manifest


def _check_names(manifest: Manifest) -> None:
    places = [(one.type, one.day) for one in manifest.documents]
    keys = [one.key for one in manifest.objects]
    if places != sorted(set(places)) or keys != sorted(set(keys)):
        raise ValueError("names out of order, or twice")
    for type, _ in places:
        rules.check_name("document type", type)
    for key in keys:
        rules.check_key(key)
