"""URLs as users type them: understood, or refused in one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verikit.contract import load_contract
from verikit.errors import AddressError
from verikit.transport.address import Address

PATH = load_contract().path


@pytest.mark.parametrize(
    ("typed", "url", "host", "port"),
    [
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000", "127.0.0.1", 3000),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000", "127.0.0.1", 3000),
        (f"http://h{PATH}", "http://h", "h", 80),
        (f"https://h/v1{PATH}/", "https://h/v1", "h", 443),
        ("http://[::1]:3000", "http://[::1]:3000", "::1", 3000),
        ("https://bücher.example", "https://bücher.example", "bücher.example", 443),
    ],
)
def test_what_users_type(typed: str, url: str, host: str, port: int) -> None:
    assert Address.of(typed) == Address(url, host, port)
    assert Address.for_reports(typed) == Address.of(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("", "localhost", "ftp://h", "http://", "http://:3000", "http:///path", "http://h:0"),
        *("http://h:99999", "http://h:x", "http://[::1", "http://h/\n", f"http://{'a' * 64}"),
    ],
)
def test_what_is_no_url(typed: str) -> None:
    with pytest.raises(AddressError, match="is not a URL: write it like http://"):
        Address.of(typed)


@pytest.mark.parametrize("typed", ["http://h/v1?key=x", "http://h#x"])
def test_what_follows_the_path_would_be_lost(typed: str) -> None:
    with pytest.raises(AddressError, match="continues after the path"):
        Address.of(typed)


@pytest.mark.parametrize("typed", ["http://me:secret@h", "http://me@h"])
def test_a_password_stands_in_no_report(typed: str) -> None:
    assert Address.of(typed).host == "h"
    with pytest.raises(AddressError, match="remove it") as refused:
        Address.for_reports(typed)
    assert "secret" not in str(refused.value)


@given(st.text() | st.text().map("http://{}".format))
def test_any_text_is_an_address_or_refused(typed: str) -> None:
    try:
        address = Address.of(typed)
    except AddressError:
        return
    assert address.host
    assert 0 < address.port < 2**16
