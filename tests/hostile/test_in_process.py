"""A round of the corpus through the application itself, without sockets and with a quick engine."""

import pytest

from reference_server.app import create_app
from reference_server.settings import Settings
from reference_server.verifier import Verifier
from tests.hostile.client import Answer, Reply
from tests.hostile.corpus import ROUND, body
from tests.hostile.judge import complaints
from tests.support.fake_server import FakeEngine
from verikit.contract import load_contract

CONTRACT = load_contract()
HEAVY = ("bombs", "busy", "forms: floods", "forms: sizes")


@pytest.mark.filterwarnings("ignore::Warning:PIL")
def test_every_kind_of_form_is_answered_as_the_contract_says() -> None:
    settings = Settings.from_environment({})
    engine = FakeEngine()
    client = create_app(settings, Verifier(settings, engine)).test_client()
    asked, said = 0, []
    for number, kind in enumerate(ROUND):
        if kind.startswith(HEAVY) or (one := body(9, number)).form is None:
            continue
        environ = {
            "CONTENT_TYPE": one.form.content_type,
            "CONTENT_LENGTH": str(len(one.form.content)),
        }
        response = client.post(CONTRACT.path, data=one.form.content, environ_overrides=environ)
        answer = Answer(response.status_code, response.content_type, response.data)
        said += [(number, one.kind, what) for what in complaints(one, Reply((answer,), 0, 0))]
        asked += 1
    assert asked > 200
    assert said == []
