"""The two stores of a migration: what each is made of, and whether they are two at all."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cityflow.admin.documents import Database
from cityflow.admin.move import Route
from cityflow.errors import BadArguments
from cityflow.settings import Database as DatabaseName
from cityflow.settings import ObjectStore, Settings, choose_backends
from cityflow.storage import canonical, factory


@dataclass(frozen=True)
class Side:
    """One store, by settings that name its backends."""

    settings: Settings

    @classmethod
    def of(
        cls,
        own: Settings,
        database: DatabaseName | None = None,
        objects: ObjectStore | None = None,
        folder: Path | None = None,
        file: Path | None = None,
    ) -> "Side":
        """A side under this process's settings, or those of a file, changed as asked for."""
        settings = Settings.load_file(file) if file else own
        chosen = choose_backends(settings)
        changed: dict[str, object] = {
            "database_type": database or chosen.database,
            "use_s3": (objects or chosen.objects) == "s3",
            "aws_execution_env": None,  # would choose the objects whatever was asked for
        }
        if folder is not None:
            changed |= {"output_dir": folder, "data_dir_raw": folder / "raw"}
        return cls(settings.model_copy(update=changed))

    @property
    def documents_place(self) -> str:
        """Tells one database from another. May hold secrets: never shown."""
        own = self.settings
        match own.database_type:
            case "mongodb":
                url = own.mongodb_url.get_secret_value() if own.mongodb_url else ""
                return f"mongodb {url} {own.mongodb_database}"
            case "dynamodb":
                tables = (
                    own.dynamodb_table_metrics,
                    own.dynamodb_table_reports,
                    own.dynamodb_table_runs,
                )
                return f"dynamodb {own.aws_endpoint_url} {own.aws_region} {' '.join(tables)}"
        return f"sqlite {own.output_dir.resolve()}"

    @property
    def objects_place(self) -> str:
        """Tells one object store from another."""
        own = self.settings
        if own.use_s3:
            return f"s3 {own.aws_endpoint_url} {own.s3_bucket_raw} {own.s3_bucket_reports}"
        return f"local {own.output_dir.resolve()} {own.data_dir_raw.resolve()}"


def journal_name(here: Side, there: Side) -> str:
    """The name of the journal of what is copied between two sides."""
    return f"migrate-{canonical.digest(f'{here.objects_place} {there.objects_place}')[:16]}"


@contextmanager
def open_route(here: Side, there: Side, *, dry_run: bool = False) -> Iterator[Route]:
    """Both sides opened; what is in the same place on both stays where it is.

    For a dry run a folder that is not there yet is taken as an empty one, and not made. Raises
    BadArguments if both are the same store, StoreUnavailable if one cannot be opened.
    """
    move_documents = here.documents_place != there.documents_place
    move_objects = here.objects_place != there.objects_place
    if not (move_documents or move_objects):
        raise BadArguments(
            "--from and --to name the same store; name another database (--to), another object "
            "store (--objects-to), another folder (--to-dir) or other settings (--to-env)"
        )
    _refuse_nothing(here.settings)
    with ExitStack() as stack:
        target = there.settings
        if dry_run and not target.output_dir.exists():
            nowhere = Path(stack.enter_context(TemporaryDirectory()))
            target = target.model_copy(update={"output_dir": nowhere})
        objects, documents = None, None
        raw = factory.open_objects(target)
        if move_objects:
            objects = (factory.open_objects(here.settings), raw)
        if move_documents:
            source = stack.enter_context(closing(factory.open_documents(here.settings)))
            written = stack.enter_context(closing(factory.open_documents(target)))
            documents = (Database(source), written)
        yield Route(documents, objects, raw)


def _refuse_nothing(own: Settings) -> None:
    """A folder that was misspelt must not be taken for an empty store, nor be made."""
    if own.database_type == "sqlite" and not (own.output_dir / factory.DATABASE_FILE).is_file():
        raise BadArguments(f"{own.output_dir}: no {factory.DATABASE_FILE} there to read from")
    if not own.use_s3 and not own.output_dir.is_dir():
        raise BadArguments(f"{own.output_dir}: no such folder to read from")
