import pytest

from calibration.asking.api import ContractApi, EncryptedPhotos
from calibration.asking.server import Question, RequestPolicy, Server, ask
from calibration.sources.photos import Folder
from calibration.sources.sampling import Pair
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.errors import Intercepted
from verikit.transport import Address, Endpoint

pytestmark = pytest.mark.live
CONTRACT = load_contract()


def answer_of(stub, folder, photo):
    api = ContractApi(CONTRACT, EncryptedPhotos(Folder(folder), Secrets.of()), {})
    endpoint = Endpoint(address=Address.of(stub.url), timeout=10)
    server = Server(api, endpoint, RequestPolicy(retries=0))
    heard = []
    ask([(server, None)], [Question(None, Pair(photo, photo, mated=True))], heard.append)
    return heard[0]


@pytest.mark.parametrize(
    ("headers", "body", "trouble"),
    [
        ({"content-encoding": "gzip"}, b"plain", "it is compressed: gzip"),
        ({}, b"[" * 200_000 + b"]" * 200_000, "without a documented response"),
        ({}, b"\xff", "without a documented response"),
        ({}, b'{"code": 200, "verification_score": 1e999}', "without a documented response"),
        ({}, b'{"code": 200, "verification_score": true}', "without a documented response"),
        ({}, b'{"code": [1]}', "without a documented response"),
        ({}, b" " * (2 << 20), "connection failed"),
    ],
)
def test_whatever_a_server_says_is_trouble_and_no_crash(stub, people, headers, body, trouble):
    stub.raw = headers, body
    assert trouble in answer_of(stub, people, "p00/0.jpg").trouble
    stub.raw = None
    assert answer_of(stub, people, "p00/0.jpg").score > 0.5


def test_what_stands_in_front_of_a_server_is_told_at_once(stub, people, monkeypatch):
    def refuse(self, *photos):
        self.send(401, {"message": "log in first"})

    monkeypatch.setattr(stub.RequestHandlerClass, "answer", refuse)
    with pytest.raises(Intercepted, match="needs credentials"):
        answer_of(stub, people, "p00/0.jpg")
