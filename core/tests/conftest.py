"""The storage contracts are plain modules: their asserts are to explain themselves too."""

import pytest

pytest.register_assert_rewrite("contract_support", "contract_documents", "contract_objects")
