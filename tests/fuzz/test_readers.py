"""Nothing that others wrote ends a command but by an error of our own, fit to be shown."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.fuzz.readers import READERS
from tests.fuzz.run import tried


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
@how(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_foreign_input_is_read_or_refused(name: str, data: st.DataObject) -> None:
    tried(READERS[name], data.draw(READERS[name].inputs))
