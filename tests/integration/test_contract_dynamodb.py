"""DynamoDB on two independent stand-ins: the whole contract of documents on each."""

from functools import partial

import pytest
from contract_documents import DocumentsContract, Reopen
from store_servers import REGION, unique

from cityflow.storage.aws import Aws
from cityflow.storage.dynamodb import DynamodbDocuments
from cityflow.storage.dynamodb_tables import TableNames


class TestContractOnMoto(DocumentsContract):
    @pytest.fixture
    def reopen(self, moto: str) -> Reopen:
        return opener(moto)


class TestContractOnMinistack(DocumentsContract):
    @pytest.fixture
    def reopen(self, ministack: str) -> Reopen:
        return opener(ministack)


def opener(url: str) -> Reopen:
    names = TableNames(*(unique(name) for name in TableNames._fields))
    return partial(DynamodbDocuments, Aws(REGION, url), names)
