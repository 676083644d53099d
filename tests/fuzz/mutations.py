"""What an attacker makes of a valid input: a few corrupted places in it, or other values."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

TOKENS = (
    b"[" * 5_000, b'{"a":' * 5_000, b"]" * 5_000, b"((((" * 2_000, b"- " * 3_000,
    b"9" * 5_000, b"1e999", b"-1e999", b"NaN", b"Infinity", b"-0", b"0x10", b"null", b"true",
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b"\xed\xa0\x80", b"\x1b]0;x\x07\x1b[2J",
    "\u202e\u2028".encode(), b"\r", b"\n\n", b"\r\n\r\n", b"\t", b",,,,", b";", b"''", b'""',
    b"&a [x, x]", b"*a", b"!!python/object/apply:os.system [id]", b"!!binary eA==", b"<<: *a",
    b"%TAG ! tag:x", b"../../etc/passwd", b"file:///etc/passwd", b"{0.__class__}", b"%s%n",
    b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n", b"ffffffffffffff\r\n",
    (2**31 - 1).to_bytes(4, "little"), (2**63 - 1).to_bytes(8, "little"), b"\xff" * 8, bytes(64),
)  # fmt: skip
BOMB = b"".join(
    [b"a: &a [x, x, x, x, x, x, x, x, x]\n"]
    + [b"%c: &%c [%s]\n" % (n, n, b", ".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 110)]
)
"""YAML that is small, and would be endless if it were written out."""

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**63)
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "\x1b[2J", "\ud800", "9" * 400, "{0.x}", "../x", "inf", "2020-13-45"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@st.composite
def corrupted(draw: DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds with up to eight places overwritten, cut out, doubled or filled."""
    content = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 2, 4, 8, 30, 300])))
        content[start:end] = draw(
            st.sampled_from(TOKENS)
            | st.binary(min_size=end - start, max_size=end - start)
            | st.just(b"")
            | st.just(bytes(content[start:end]) * 3)
        )
    return bytes(content)


@st.composite
def other_values(draw: DrawFn, documents: Sequence[Any]) -> bytes:
    """One of the documents as JSON, which is YAML too, with other values in up to three places."""
    document = json.loads(json.dumps(draw(st.sampled_from(documents))))
    for _ in range(draw(st.integers(1, 3))):
        document = _with_another(draw, document)
    return json.dumps(document).encode()


def _with_another(draw: DrawFn, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(value)))
        if draw(st.booleans()):
            return {**value, name: _with_another(draw, value[name])}
        kept = {key: one for key, one in value.items() if key != name}
        return kept | draw(st.dictionaries(st.text(max_size=5), VALUES, max_size=1))
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _with_another(draw, value[place]), *value[place + 1 :]]
    return draw(VALUES)


@st.composite
def corrupted_archive(draw: DrawFn, seed: bytes) -> bytes:
    """A zip file, such as an .npz, with sound checksums around members that are corrupted."""
    with zipfile.ZipFile(io.BytesIO(seed)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw(st.sampled_from(sorted(members)))
    members[name] = draw(corrupted([members[name]]))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return made.getvalue()


@st.composite
def corrupted_database(
    draw: DrawFn, make: Callable[[sqlite3.Connection], None], cells: Sequence[str]
) -> bytes:
    """A sound SQLite file with other values in cells; each is an UPDATE with one parameter."""
    value = draw(
        VALUES.map(json.dumps)
        | st.none()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats()
        | st.binary(max_size=9)
        | st.sampled_from(["[" * 5_000, "\x1b[2J", ""])
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "run.sqlite")
        database = sqlite3.connect(path)
        make(database)
        database.execute(draw(st.sampled_from(cells)), (value,))
        database.commit()
        database.close()
        return path.read_bytes()


def either(*ways: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    """Any of the ways."""
    return st.one_of(*ways)
