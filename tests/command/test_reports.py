"""The shell of every report: what it says of itself, and that it asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.metadata import version

from verikit.reports import shell
from verikit.reports.shell import Head, Tone, Word

HOSTILE = "</title><script src=//evil.example></script><img src=//evil.example onerror=x>"
SCRIPT = 'document.title += "!";'


def made(text: str = "x", script: str = "") -> str:
    head = Head(
        kind="Kind",
        subject=text,
        tone=Tone.BAD,
        verdict="Failed",
        sentence=text,
        facts={"Server": text},
        legend=[Word(word="odd", tone=Tone.WARN, meaning=text)],
        notes=[text],
    )
    return shell.page("verikit.reports", "shell.html.j2", head, script=script)


def test_it_names_the_verikit_that_made_it() -> None:
    assert f"<dd>verikit {version('verikit')}</dd>" in made()


def test_text_from_a_server_stays_text() -> None:
    assert re.findall(r"<(script|img)", made(HOSTILE)) == []
    assert re.findall(r"<(script|img)", made(HOSTILE, SCRIPT)) == ["script"]


def test_only_our_script_may_run() -> None:
    page = made(script=SCRIPT)
    (inside,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in page
    assert "script-src &#39;none&#39;" in made()


def test_nothing_is_fetched() -> None:
    page = made()
    assert "default-src &#39;none&#39;; img-src data:;" in page
    assert re.findall(r"url\(|@import|<link|src=", page) == []
