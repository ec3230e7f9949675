"""S3 on two independent stand-ins: the whole contract of objects on each."""

from functools import partial

import pytest
from contract_objects import ObjectsContract, Reopen
from store_servers import REGION, unique

from cityflow.storage.aws import Aws
from cityflow.storage.s3 import S3Objects


class TestContractOnMoto(ObjectsContract):
    @pytest.fixture
    def reopen(self, moto: str) -> Reopen:
        return partial(S3Objects, Aws(REGION, moto), unique("reports"))


class TestContractOnMotoWithRawElsewhere(ObjectsContract):
    @pytest.fixture
    def reopen(self, moto: str) -> Reopen:
        return partial(S3Objects, Aws(REGION, moto), unique("reports"), unique("raw"))


class TestContractOnMinistack(ObjectsContract):
    @pytest.fixture
    def reopen(self, ministack: str) -> Reopen:
        return partial(S3Objects, Aws(REGION, ministack), unique("reports"))
