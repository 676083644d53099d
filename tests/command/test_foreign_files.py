"""What a file of somebody else's brings to the terminal when it is refused."""

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
