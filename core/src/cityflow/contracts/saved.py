"""The manifest of an export or a backup."""

from datetime import date
from typing import Literal

from pydantic import Field

from cityflow.contracts.base import DocumentBase, Model


class SavedDocuments(Model):
    """The documents of one type and day: one file of JSON lines."""

    type: str = Field(description="Document type")
    day: date = Field(description="Their day")
    documents: int = Field(ge=1, description="How many")
    bytes: int = Field(ge=1, description="Size of the file")
    sha256: str = Field(description="Digest of the file")


class SavedObject(Model):
    """One object, as a file under its key."""

    key: str = Field(description="Its key")
    bytes: int = Field(ge=0, description="Its size")
    sha256: str = Field(description="Its digest")


class Manifest(DocumentBase):
    """Everything in the folder, in order."""

    kind: Literal["export", "backup"] = Field(description="export: documents alone")
    documents: tuple[SavedDocuments, ...] = Field(description="By type and day")
    objects: tuple[SavedObject, ...] = Field(default=(), description="By key")
