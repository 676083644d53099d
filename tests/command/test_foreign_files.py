"""What a file of somebody else's brings to the terminal when it is refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

ESCAPES = "\x1b]0;OWNED\x07\x1b[2J\u202e\u2028"
MANY = "column,"

FILES: dict[str, tuple[str, list[str]]] = {
    "a table": (f"{ESCAPES},second\nx,y\n" * 3, ["calibrate"]),
    "a wide table": (MANY * 3_000 + "\n" + "x," * 3_000, ["calibrate"]),
    "JSON lines": ('{"\\u001b[2J": null, "\\u202e": 1}\n', ["calibrate"]),
    "a profile": (f'statuses: {{"\\e[2J{ESCAPES[-2:]}": 400}}', ["check", "http://x", "--profile"]),
    "waivers": ('- {case: "\\e[2J", until: 2027-01-31}', ["check", "http://x", "--waivers"]),
    "claims": ('title: "\\e[2J"\nrows: "\\e[2J"', ["calibrate", "scores.csv", "--claims"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_refusal_brings_no_control_characters(
    name: str, folder: Path, call: Callable[..., Result]
) -> None:
    content, words = FILES[name]
    (folder / "scores.csv").write_text("first,second,mated,score\na,b,false,0.1\n")
    (folder / "foreign.yaml").write_text(content, encoding="utf-8")
    refused = call(*words, "foreign.yaml")
    assert refused.exit_code == 2, refused.output
    assert all(letter.isprintable() or letter == "\n" for letter in refused.output)
    assert "Error: " in refused.output
    assert len(refused.output) < 10_000


PYTHON = re.compile(
    r"Error\(|Error:.*Error|(?<!JSON )\bobject\b(?! per line)|NoneType|\[Errno|codec can't|"
    r"Expecting|list index|subscript|attribute|argument|invalid literal|"
    r"not iterable|charmap|truncated"
)
"""Words of Python's own messages, which say nothing to people who do not write it."""
NOWHERE = "http://127.0.0.1:9"
READERS = {
    "compare": ["check", NOWHERE, "--compare"],
    "only-failed": ["check", NOWHERE, "--only-failed"],
    "waivers": ["check", NOWHERE, "--waivers"],
    "profile": ["check", NOWHERE, "--profile"],
    "claims": ["calibrate", "scores.csv", "--claims"],
    "standard": ["calibrate", "scores.csv", "--standard"],
    "qualities": ["calibrate", "scores.csv", "--quality"],
    "score map": ["calibrate", "vectors.npz", "--score-map"],
    "scores": ["calibrate"],
    "pairs": ["verify", "--out", "out.csv"],
    "settings": ["--config"],
}
CONTENTS = {
    "nothing": b"",
    "an object": b"{}",
    "a list": b"[]",
    "a number": b"7",
    "words": b"some words",
    "half": b'{"kind": "header", "format": 1',
    "of an other kind": b'{"kind": 1, "rows": 7, "stages": [7], "statuses": 7, "require": 7}',
    "bytes": b"\xff\xfe\x00\x93NUMPY",
    "deep": b"[" * 1_000,
}


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("reader", READERS)
def test_a_refusal_is_no_message_of_python(
    reader: str, content: str, folder: Path, call: Callable[..., Result]
) -> None:
    (folder / "scores.csv").write_text("first,second,mated,score\na,b,false,0.1\n")
    (folder / "vectors.npz").touch()
    (folder / "foreign").write_bytes(CONTENTS[content])
    further = ["completion", "bash"] if reader == "settings" else []
    refused = call(*READERS[reader], "foreign", *further)
    is_one = content in {
        "waivers": {"nothing", "a list"},
        "profile": {"nothing", "an object"},
        "settings": {"nothing"},
    }.get(reader, set())
    assert is_one or refused.exit_code == 2, refused.output
    _, _, error = refused.output.partition("Error: ")
    assert not PYTHON.search(error), error


@pytest.mark.parametrize("reader", sorted(READERS.keys() - {"scores"}))
def test_no_reader_goes_on_to_the_end_of_a_file_of_any_size(
    reader: str, folder: Path, call: Callable[..., Result]
) -> None:
    (folder / "scores.csv").write_text("first,second,mated,score\na,b,false,0.1\n")
    (folder / "vectors.npz").touch()
    with (folder / "foreign").open("w") as file:
        file.truncate(2**28 + 1)
    further = ["completion", "bash"] if reader == "settings" else []
    refused = call(*READERS[reader], "foreign", *further)
    assert refused.exit_code == 2, refused.output
    assert "larger than" in refused.output
