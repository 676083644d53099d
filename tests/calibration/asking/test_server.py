import socket
import threading
from contextlib import contextmanager, nullcontext, suppress

import pytest

from calibration.asking.api import ContractApi, EncryptedPhotos
from calibration.asking.server import Question, RequestPolicy, Server, ask
from calibration.sources.pairs.sampling import Pair
from calibration.sources.photos import Folder
from tests.support.ports import free_port
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.errors import Intercepted, Unreachable
from verikit.transport import Address, Endpoint

pytestmark = pytest.mark.live
CONTRACT = load_contract()


def answer_of(stub, folder, photo, timeout=10):
    api = ContractApi(CONTRACT, EncryptedPhotos(Folder(folder), Secrets.of()), {})
    endpoint = Endpoint(address=Address.of(stub.url), timeout=timeout)
    server = Server(api, endpoint, RequestPolicy(retries=0), known=True)
    heard = []
    ask([(server, None)], [Question(None, Pair(photo, photo, mated=True))], heard.append)
    return heard[0]


@pytest.mark.parametrize(
    ("headers", "body", "trouble"),
    [
        ({"content-encoding": "gzip"}, b"plain", "it is compressed: gzip"),
        ({}, b"[" * 200_000 + b"]" * 200_000, "no documented response"),
        ({}, b"\xff", "no documented response"),
        ({}, b'{"code": 200, "verification_score": 1e999}', "no documented response"),
        ({}, b'{"code": 200, "verification_score": true}', "no documented response"),
        ({}, b'{"code": [1]}', "no documented response"),
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


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (413, "the request is too large for the server, or for a proxy in front of it"),
        (404, "no such path on this server"),
        (429, "too many requests: lower --rate or --concurrency"),
    ],
)
def test_the_cause_of_a_status_is_named(stub, people, monkeypatch, status, cause):
    monkeypatch.setattr(stub.RequestHandlerClass, "answer", lambda self, *_: self.send(status, {}))
    assert answer_of(stub, people, "p00/0.jpg").trouble.startswith(f"HTTP {status} ({cause})")


def test_a_known_server_that_is_late_leaves_a_comparison_unmeasured(stub, people):
    stub.delay = 5
    assert answer_of(stub, people, "p00/0.jpg", timeout=3).trouble == "no response in time"


@contextmanager
def other_service(greeting: bytes):
    """Speaks first, and no HTTP; or hangs up without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as connection:
                        connection.sendall(greeting)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(1 << 16):
                            pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("greeting", [None, b"SSH-2.0-OpenSSH_9.7\r\n", b""])
def test_a_wrong_address_is_told_at_the_first_request(people, greeting):
    api = ContractApi(CONTRACT, EncryptedPhotos(Folder(people), Secrets.of()), {})
    heard, questions = [], iter([Question(0, Pair("p00/0.jpg", "p00/1.jpg", mated=True))] * 100)
    with nullcontext(free_port()) if greeting is None else other_service(greeting) as port:
        endpoint = Endpoint(address=Address.of(f"http://127.0.0.1:{port}"), timeout=10)
        server = Server(api, endpoint, RequestPolicy(concurrency=1, pause=0.01))
        with pytest.raises(Unreachable, match=str(port)):
            ask([(server, None)], questions, heard.append)
    assert not heard
    assert len(list(questions)) == 99
