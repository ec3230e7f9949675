"""MongoDB over its wire: the whole contract of documents, and what is MongoDB's alone."""

from collections.abc import Iterator
from functools import partial

import pytest
from contract_documents import DocumentsContract, Reopen
from store_servers import Mongo, unique

from cityflow.storage.mongodb import MongodbDocuments


@pytest.fixture
def database(mongo: Mongo) -> Iterator[str]:
    name = unique("cityflow")
    yield name
    mongo.drop(name)


class TestContract(DocumentsContract):
    @pytest.fixture
    def reopen(self, mongo: Mongo, database: str) -> Reopen:
        return partial(MongodbDocuments, mongo.url, database)
