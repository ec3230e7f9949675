"""A store as this version leaves it in MongoDB and the volume, packed into one file, and put back.

`python tests/stored_store.py FILE.tar.xz` makes one of a small synthetic city. It holds the raw
documents of the database, not an export: what an upgrade finds in place.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from bson import json_util
from pymongo import MongoClient
from standins import BIN, stand_ins
from store_servers import LOGIN, mongo

NOW: Final = "2025-09-10T08:00:00Z"
DAYS: Final = ("2025-09-05", "2025-09-06", "2025-09-07")
STEPS: Final = (
    "cityflow-ingest snapshot arrondissements referentiel",
    f"cityflow-ingest fetch --from {DAYS[0]} --to {DAYS[-1]}",
    "cityflow-processor backfill",
    "cityflow-reporter run --pending",
)
DATABASE: Final = "database.jsonl"
PUT_BACK: Final = """
import os, tarfile
from pathlib import Path
from bson import json_util
from pymongo import MongoClient
with tarfile.open("/stored.tar.xz") as archive:
    archive.extractall("/data", filter="data")
database = Path("/data/database.jsonl")
documents = [json_util.loads(line) for line in database.read_text("utf-8").splitlines()]
database.unlink()
with MongoClient(Path(os.environ["MONGODB_URL_FILE"]).read_text()) as client:
    client["cityflow"]["documents"].insert_many(documents)
print(len(documents))
"""
"""For a container with the volume and the login, and the file as /stored.tar.xz."""


def make(target: Path) -> None:
    """Fetch, process and report three days of a small city, and pack what is left of it."""
    os.environ.update(LOGIN)
    with tempfile.TemporaryDirectory() as folder, mongo() as server:
        data = Path(folder) / "data"
        options = ("--arcs", 12, "--late-days", 0, "--revised-days", 0, "--missing-days", 0)
        with stand_ins(NOW, *options, hosts=1) as sources:
            environ = {
                "PATH": os.environ["PATH"],
                "OUTPUT_DIR": str(data),
                "MONGODB_URL": server.url,
                "CITYFLOW_NOW": NOW,
                **sources.settings,
            }
            for step in STEPS:
                command, *arguments = step.split()
                subprocess.run([BIN / command, *arguments], env=environ, check=True)
        with MongoClient[dict[str, Any]](server.url) as client:
            documents = client["cityflow"]["documents"].find(sort=[("_id", 1)])
            text = "".join(f"{json_util.dumps(document)}\n" for document in documents)
        (data / DATABASE).write_text(text, encoding="utf-8")
        with tarfile.open(target, "w:xz") as archive:
            archive.add(data, ".", filter=_kept)


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without caches; of nobody and no time, so that the archive says nothing of its maker."""
    top = member.name.removeprefix("./").partition("/")[0]
    if top == "parts" or (top.startswith(".") and top != "."):
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    make(Path(sys.argv[1]))
