import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityflow.storage import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
VALUES = st.recursive(
    SCALARS.filter(lambda value: not (isinstance(value, float) and math.isinf(value))),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_a_body_comes_back_as_it_was_and_has_one_text(body: dict[str, Any]) -> None:
    text = canonical.dumps(body)
    assert repr(canonical.loads(text)) == repr(canonical.loads(text.encode()))
    assert canonical.loads(text) == body
    assert canonical.dumps(dict(reversed(body.items()))) == text


def test_the_text_is_compact_sorted_and_unicode() -> None:
    body = {"b": [1, 1.0, 1e22, None, True], "a": {"é": "\n", "A": -0.0}}
    assert canonical.dumps(body) == '{"a":{"A":-0.0,"é":"\\n"},"b":[1,1.0,1e+22,null,true]}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_say_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical.dumps({"a": [value]})


@pytest.mark.parametrize("text", ["[]", "1", "null", "", "{"])
def test_only_an_object_is_a_body(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON object|Expecting"):
        canonical.loads(text)


def test_digests() -> None:
    expected = "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    assert canonical.digest("é") == canonical.digest("é".encode()) == expected
