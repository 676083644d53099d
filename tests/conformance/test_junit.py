"""JUnit XML and curl lines hold what a fuzzer draws, whatever that is."""

import dataclasses
import shlex
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.catalogue import load_catalogue
from conformance.judging.verdicts import Finding, Result, Verdict
from conformance.reports.evidence import evidence
from conformance.reports.junit import write_junit
from conformance.requests.exchange import Answer, Exchange, Target
from conformance.requests.recipe import Request
from conformance.requests.writing import wire
from conformance.run import Run
from verikit.contract.encryption import Secrets
from verikit.contract.profile import Profile


def raw(text: str) -> Request:
    return Request(first=None, second=None, body="raw", literal=text)


def failed(request: Request, said: str = "HTTP 500") -> Run:
    catalogue = load_catalogue()
    case = next(case for case in catalogue.cases if case.group == "fuzz")
    exchange = Exchange(
        case=case.id,
        request=request,
        answer=Answer(status=500, reason="", headers={}, body=b"", head=b""),
        sent=wire(request, Secrets.of()),
    )
    finding = Finding(
        requirement=case.requires[0],
        verdict=Verdict.FAILED,
        expected="1000",
        actual=said,
        exchange=exchange,
    )
    return Run(
        target=Target.of("http://127.0.0.1:1"),
        profile=Profile(),
        release=catalogue.release,
        requirements=catalogue.requirements,
        cases={case.id: case},
        results=(Result(case=case.id, verdict=Verdict.FAILED, findings=(finding,)),),
        seed=1,
        started=datetime.now(UTC),
        seconds=1,
        requests=1,
        complete=True,
        ordinary="accepted",
    )


def curl(run: Run, folder: Path | None) -> str:
    (proof,) = evidence(run, folder).values()
    proof.replay.save()
    return proof.replay.line


@pytest.mark.parametrize("literal", ["\0", "\x1b[2J", "a\r\nb", "\ud800"])
def test_a_body_that_no_report_can_show_is_saved(literal: str, tmp_path: Path) -> None:
    run = failed(raw(literal))
    assert curl(run, None).startswith("verikit check http://127.0.0.1:1 -k ")
    words = shlex.split(curl(run, tmp_path))
    body = Path(words[words.index("--data-binary") + 1].removeprefix("@"))
    assert body.read_bytes() == literal.encode("utf-8", "surrogatepass")


def test_a_short_body_stands_in_the_line_and_is_never_read_as_a_file(tmp_path: Path) -> None:
    words = shlex.split(curl(failed(raw("@/etc/hostname")), tmp_path))
    assert words[words.index("--data-raw") + 1] == "@/etc/hostname"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", ["a\0b", "\x1b[2J", "\ud800", "\uffff"])
def test_junit_is_xml_whatever_the_server_says(said: str, tmp_path: Path) -> None:
    run = failed(raw("\0"), said)
    run = dataclasses.replace(
        run, results=tuple(dataclasses.replace(one, reason=said) for one in run.results)
    )
    write_junit(run, evidence(run, tmp_path), tmp_path / "j.xml")
    (failure,) = ET.parse(tmp_path / "j.xml").getroot().iter("failure")  # noqa: S314 - our own file
    assert "expected 1000" in (failure.text or "")
