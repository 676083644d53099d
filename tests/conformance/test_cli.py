"""verikit check as a user calls it, and what it leaves behind."""

import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance import self_check, test_server
from conformance.case import Case
from conformance.catalogue import load_catalogue
from conformance.errors import SelfCheckFailed
from conformance.judging import verdicts
from conformance.judging.verdicts import Verdict
from conformance.mock.server import serving
from conformance.reports.json_lines import failed_before, read_lines
from conformance.requests.exchange import Target
from conformance.requests.photos.files import photo_file
from conformance.requests.recipe import Photo
from conformance.run import run
from conformance.runner import Options, Runner
from tests.support.needs import needs
from verikit.cli import main
from verikit.contract import load_contract
from verikit.contract.profile import Profile

SECRETS = load_contract().encryption


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["check", *words])


def test_passing_run_leaves_all_reports(good_url: str, folder: Path) -> None:
    outputs = ["--junit=j.xml", "--json=l.jsonl", "--sarif=s.json", "--badge=b.svg"]
    done = call(good_url, "-k", "first-missing", "--profile", "reference", *outputs)
    assert (done.exit_code, done.stdout.count("Passed: 1 case passed.")) == (0, 1)
    assert "Report: reports/conformance.html" in done.stdout
    header, result, footer = read_lines(folder / "l.jsonl")
    assert (header["cases"], result["verdict"]) == (["first-missing"], "passed")
    assert (footer["kind"], footer["exit_code"]) == ("footer", 0)
    (case,) = ET.parse(folder / "j.xml").getroot().iter("testcase")  # noqa: S314 - our own file
    assert case.get("name") == "first-missing"
    assert json.loads((folder / "s.json").read_text())["runs"][0]["results"] == []
    assert "1.8.0 passed" in (folder / "b.svg").read_text()


def test_failure_carries_its_proof(bad_url: str, folder: Path) -> None:
    outputs = ["--junit=j.xml", "--json=l.jsonl", "--sarif=s.json", "--badge=b.svg"]
    done = call(bad_url, "-k", "second-key-wrong", *outputs)
    assert done.exit_code == 1
    assert "Failed: 1 of 1 case; 1 requirement broken." in done.stdout
    page = (folder / "reports/conformance.html").read_text()
    assert "data:image/jpeg;base64," in page
    assert "reports/conformance/second-key-wrong.body" in page
    (failure,) = ET.parse(folder / "j.xml").getroot().iter("failure")  # noqa: S314 - our own file
    assert "curl -i -X POST" in (failure.text or "")
    (result,) = json.loads((folder / "s.json").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    line = load_contract().source.read_text().splitlines()[place["region"]["startLine"] - 1]
    assert (result["ruleId"], line.strip()) == ("encryption-key", "key:")


@needs("curl")
def test_curl_line_replays_the_request(bad_url: str, folder: Path) -> None:
    call(bad_url, "-k", "second-key-wrong", "--junit=j.xml")
    (failure,) = ET.parse(folder / "j.xml").getroot().iter("failure")  # noqa: S314 - our own file
    (line,) = [one for one in (failure.text or "").splitlines() if one.startswith("curl")]
    answer = subprocess.run(shlex.split(line), capture_output=True, text=True, check=True)  # noqa: S603 - our own line
    assert '"code": 1000' in answer.stdout


def test_no_report_holds_a_secret(bad_url: str, folder: Path) -> None:
    key, iv = "K" * 32, "V" * 12
    call(bad_url, "--key", key, "--iv", iv, "-k", "first-*missing", "--junit=j", "--json=l")
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert len(written) >= 3
    assert not any(key.encode() in data or iv.encode() in data for data in written)


@pytest.mark.parametrize("private", [("--key", "K" * 32), ("--iv", "V" * 12)])
def test_no_report_holds_what_a_private_key_encrypted(
    bad_url: str, folder: Path, private: tuple[str, str]
) -> None:
    done = call(bad_url, *private, "-k", "ordinary", "--junit=j.xml", "--json=l.jsonl")
    assert done.exit_code == 1
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert len(texts) == 3
    assert not any("curl -i" in text for text in texts)
    assert f"verikit check {bad_url} -k ordinary --seed" in (folder / "j.xml").read_text()


def test_the_terminal_says_first_what_is_checked(good_url: str, folder: Path) -> None:
    done = call(good_url, "-k", "first-missing", "--key", "k" * 32, "--seed", "7")
    lines = done.stdout.splitlines()
    assert lines[0].endswith(f" checks {good_url}")
    assert lines[1] == "profile none, release 1.8.0, cases: 1"
    assert lines[2].startswith("seed 7; key: given, IV: ")


def test_ids_of_cases_are_whole_on_a_narrow_terminal(
    bad_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    some = ("second-base64-*", "second-*-wrong", "second-text", "second-empty", "score-different-*")
    done = call(bad_url, *(word for pattern in some for word in ("-k", pattern)), "--no-html")
    known = {case.id for case in load_catalogue().cases}
    lists = re.findall(r"  cases       (.+?)  replay", done.stdout, re.DOTALL)
    named = {line.strip() for one in lists for line in one.splitlines()}
    assert len(named) > 5
    assert {name for name in named if not name.endswith(" more")} <= known


def test_a_cause_is_told_once_with_the_cases_and_a_line_to_copy(bad_url: str, folder: Path) -> None:
    done = call(bad_url, "-k", "second-*-wrong", "--json=lines.jsonl")
    assert done.stdout.count("MUST encryption-key: 1 case failed") == 1
    (line,) = [line for line in done.stdout.splitlines() if "second-key-wrong.body" in line]
    assert line.startswith("  replay      curl -i -X POST")
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "replay" not in line)
    assert "Written: lines.jsonl" in done.stdout


def test_fuzzing_leaves_nothing_in_the_users_folder(good_url: str, folder: Path) -> None:
    done = call(good_url, "-k", "fuzz-*", "--fuzz-examples=2", "--no-html")
    assert (done.exit_code, list(folder.iterdir())) == (0, [])


def test_a_list_that_is_piped_has_one_line_for_each_case() -> None:
    lines = call("--list").stdout.splitlines()
    cases = load_catalogue().cases
    assert sum(line.startswith("    ") for line in lines) == sum(len(c.requires) for c in cases)


def test_only_failed_plays_just_those_again(bad_url: str, folder: Path) -> None:
    call(bad_url, "-k", "*-empty", "--json=l.jsonl", "--no-html")
    again = failed_before(read_lines(folder / "l.jsonl"))
    assert again == {"second-empty"}
    done = call(bad_url, "--only-failed=l.jsonl", "--json=m.jsonl", "--no-html")
    assert read_lines(folder / "m.jsonl")[0]["cases"] == ["second-empty"]
    assert done.exit_code == 1


def test_a_run_says_what_changed_since_an_earlier_one(bad_url: str, folder: Path) -> None:
    call(bad_url, "-k", "second-key-wrong", "--json=old.jsonl", "--no-html")
    done = call(bad_url, "-k", "second-*-wrong", "--compare=old.jsonl")
    assert "1 new, 1 still failing" in " ".join(done.stdout.split())
    assert "Since the earlier run" in (folder / "reports/conformance.html").read_text()
    assert call(bad_url, "--compare", "reports/conformance.html").exit_code == 2


def test_only_failed_of_a_run_without_end_plays_the_rest(folder: Path) -> None:
    header = {"kind": "header", "format": 1, "cases": ["ordinary", "first-empty"]}
    result = {"kind": "result", "case": "ordinary", "verdict": "passed", "findings": []}
    lines = "\n".join(map(json.dumps, (header, result)))
    (folder / "l.jsonl").write_text(lines)
    assert failed_before(read_lines(folder / "l.jsonl")) == {"first-empty"}


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", '{"kind": "result"}', '{"kind": "result", "case": [], "verdict": "passed"}',
     '{"kind": "result", "case": "x", "verdict": "odd", "findings": []}'],
)  # fmt: skip
def test_a_file_that_is_no_report_is_wrong_use(line: str, folder: Path) -> None:
    header = '{"kind": "header", "format": 1, "cases": []}'
    (folder / "odd.jsonl").write_text(f"{header}\n{line}\n")
    done = call("http://127.0.0.1:1", "--compare=odd.jsonl")
    assert (done.exit_code, "is not a JSON-lines report" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Give the server's URL"),
        (["localhost"], "is not a URL"),
        (["http://h", "--key", "short"], "The key must be 32 ASCII characters"),
        (["http://127.0.0.1:99999"], "is not a URL"),
        (["http://[::1"], "is not a URL"),
        ([f"http://{'a' * 64}"], "is not a URL"),
        (["http://me:secret@h"], "A user name or password in a URL would appear in every report"),
        (["http://h", "--timeout", "-1"], "-1.0 is not in the range x>0"),
        (["http://h", "-k", "nonsense"], "No case matches 'nonsense'"),
        (["http://h", "--profile", "missing.yaml"], "missing.yaml cannot be used"),
        (["http://h", "--waivers", "missing.yaml"], "missing.yaml cannot be read"),
        (["http://h", "--photos", "missing"], "There is no folder missing"),
        (["http://h", "--photos", "."], ". contains no photos: it needs one folder per person"),
        (["http://h", "--only-failed", "missing"], "missing is not a JSON-lines report"),
        (["http://h", "--release", "0.1"], "There is no release 0.1"),
        (["http://h", "--release", "newest"], "There is no release newest"),
        (["http://h?key=x"], "continues after the path"),
    ],
)
def test_wrong_use(words: list[str], sentence: str, folder: Path) -> None:
    done = call(*words)
    assert (done.exit_code, sentence in done.stderr) == (2, True), done.stderr
    assert "secret" not in done.output
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("standards: {}", "a profile has no 'standards': did you mean photo_standards?"),
        ("readings: mine", "readings must be 'contract', or requirement IDs"),
        ("readings: {body-multipar: contract}", "did you mean body-multipart?"),
        ("deviations: {nothing-*: why}", "no case matches 'nothing-*'"),
        ("statuses: {NOT_A_CODE: 400}", "statuses has no 'NOT_A_CODE'"),
        ("photo_standards: {side: {}}", "did you mean side_px?"),
        ("photo_standards: {file_bytes: {least: 1}}", "file_bytes has no 'least'"),
        ("photo_standards: {side_px: {minimum: 9, maximum: 8}}", "min_side is above max_side"),
        ("photo_standards: {formats: [JPG, PNG]}", "formats has no 'JPG': did you mean JPEG?"),
        ("photo_standards: {file_bytes: {minimum: 0}}", "min_file_bytes must be a positive"),
        ("photo_standards: {side_px: {maximum: true}}", "max_side must be a positive integer"),
        ("photo_standards: {formats: []}", "formats must name at least one format"),
        ("statuses: {INVALID_ARGUMENT: 200}", "must map names of codes to error statuses"),
        ("statuses: {INVALID_ARGUMENT: true}", "must map names of codes to error statuses"),
        ("[", "cannot be used"),
    ],
)
def test_wrong_profile(text: str, sentence: str, folder: Path) -> None:
    (folder / "p.yaml").write_text(text)
    done = call("http://127.0.0.1:9", "--profile", "p.yaml")
    assert (done.exit_code, sentence in done.stderr) == (2, True), done.stderr


def test_deviation_of_a_profile_is_a_warning(bad_url: str, folder: Path) -> None:
    (folder / "p.yaml").write_text("deviations: {second-empty: it is being replaced}")
    done = call(bad_url, "-k", "*-empty", "--profile", "p.yaml")
    assert done.exit_code == 0
    assert "known deviation: it is being replaced" in done.stdout


def test_a_waived_failure_is_none_and_says_so_in_every_report(bad_url: str, folder: Path) -> None:
    (folder / "w.yaml").write_text("- {case: second-e*, reason: ticket 7, until: 2999-01-31}")
    outputs = ["--junit=j.xml", "--sarif=s.json", "--badge=b.svg", "--waivers=w.yaml", "--no-html"]
    done = call(bad_url, "-k", "*-empty", *outputs)
    assert done.exit_code == 0, done.output
    tests = ET.parse(folder / "j.xml").getroot()  # noqa: S314 - our own file
    skipped = tests.find(".//testcase[@name='second-empty']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "ticket 7 (until 2999-01-31)"
    (result,) = json.loads((folder / "s.json").read_text())["runs"][0]["results"]
    assert result["suppressions"] == [
        {"kind": "external", "justification": "ticket 7 (until 2999-01-31)"}
    ]
    assert "1.8.0 passed" in (folder / "b.svg").read_text()
    alone = call(bad_url, "-k", "second-empty", *outputs)
    assert alone.exit_code == 3
    assert "all that was judged is known to fail" in " ".join(alone.output.split())
    assert "1.8.0 incomplete" in (folder / "b.svg").read_text()


def test_where_nothing_failed_there_is_nothing_to_run_again(good_url: str, folder: Path) -> None:
    call(good_url, "-k", "first-missing", "--json=l.jsonl", "--no-html")
    done = call(good_url, "--only-failed=l.jsonl")
    assert (done.exit_code, "Nothing failed in l.jsonl" in done.stderr) == (2, True)


def test_stopped_server_is_incomplete(folder: Path) -> None:
    done = call("http://127.0.0.1:9")
    assert (done.exit_code, "No server answers" in done.stderr) == (3, True)


def test_json_on_stdout_is_nothing_but_json(good_url: str, folder: Path) -> None:
    done = call(good_url, "-k", "first-missing", "--no-html", "--json")
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == [
        "header",
        "result",
        "footer",
    ]


def test_list_names_requirements_and_cases() -> None:
    text = call("--list", "-k", "first-missing").stdout
    assert "MUST first-required" in text
    assert "untestable: " in text
    listed = json.loads(call("--list", "--json").stdout)
    assert {"id", "level", "heading", "cases"} <= set(listed["requirements"][0])
    assert len(listed["cases"]) > 300


def test_own_photos_are_used_and_never_written(good_url: str, folder: Path) -> None:
    for person in ("collins", "hopper"):
        (folder / "people" / person).mkdir(parents=True)
        for number, brightness in enumerate((1.0, 0.9)):
            photo = Photo(of=person, brightness=brightness, format="JPEG")
            (folder / "people" / person / f"{number}.jpg").write_bytes(photo_file(photo))
    with serving(lambda form: 0.5) as same_score:
        done = call(same_score, "-k", "own-*", "--photos", "people", "--json=l.jsonl")
    assert done.exit_code == 1
    assert not (folder / "reports" / "conformance").exists()
    assert "data:image" not in (folder / "reports/conformance.html").read_text()
    for written in folder.rglob("*"):
        inside = written.is_relative_to(folder / "people") or written.is_dir()
        assert inside or "people/" not in written.read_text(), written
    assert call(good_url, "-k", "own-*", "--photos", "people", "--no-html").exit_code == 0


def test_self_check_is_in_the_report(
    good_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fewer cases; test_run and test_mock have both servers judged by all of them."""
    monkeypatch.setattr(self_check, "_GROUPS", ("parameters", "faces"))
    done = call(good_url, "--self-check", "-k", "first-missing")
    assert done.exit_code == 0, done.stderr
    shown = re.search(r"Self-check passed: .* passed (\d+) cases, .* failed (\d+)\.", done.stdout)
    assert shown
    assert int(shown[1]) > 50
    assert int(shown[2]) > 10
    assert "Self-check passed" in (folder / "reports/conformance.html").read_text()


def test_self_check_fails_where_the_fault_is_not_caught(good_url: str) -> None:
    good = run(Target.of(good_url), load_catalogue().select("ordinary"))
    with pytest.raises(SelfCheckFailed, match="was not detected"):
        self_check.describe(good, good)


def test_self_check_fails_where_a_good_server_does(bad_url: str) -> None:
    bad = run(Target.of(bad_url), load_catalogue().select("second-empty"))
    with pytest.raises(SelfCheckFailed, match=r"keeps the contract did not pass \(second-empty"):
        self_check.describe(bad, bad)


def test_failed_self_check_stops_the_run(
    good_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> str:
        raise SelfCheckFailed("Self-check failed: nothing was caught.")

    monkeypatch.setattr("conformance.commands.check.self_check", fails)
    done = call(good_url, "--self-check", "-k", "first-missing")
    assert (done.exit_code, "Self-check failed" in done.stderr) == (3, True)


def pytest_in(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603


def test_pytest_runs_the_same_cases_from_anywhere(good_url: str, folder: Path) -> None:
    words = ["-p", "conformance.plugin", "--pyargs", "conformance", "--server-url", good_url]
    done = pytest_in(folder, *words, "-k", "first-missing or slash")
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b[2-9] passed, 1 skipped", done.stdout)


def test_under_pytest_a_failure_says_what_was_expected(bad_url: str) -> None:
    runner = Runner(Target.of(bad_url), Profile(), Options())
    (failing, passing) = load_catalogue().select("first-missing", "second-empty")[::-1]
    test_server.test_case(passing, runner)
    with pytest.raises(pytest.fail.Exception, match=r"(?s)^failed: .*expected code 1200.*actual"):
        test_server.test_case(failing, runner)


class Deciding:
    """A runner whose verdict is known."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def play(self, case: Case) -> verdicts.Result:
        return verdicts.Result(case=case.id, verdict=self._verdict, reason="because", findings=())


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.FAILED, pytest.fail.Exception),
        (Verdict.COULD_NOT_JUDGE, pytest.fail.Exception),
        (Verdict.TOOL_ERROR, pytest.fail.Exception),
        (Verdict.NOT_RUN, pytest.fail.Exception),
        (Verdict.WAIVED, pytest.xfail.Exception),
        (Verdict.NOT_APPLICABLE, pytest.skip.Exception),
        (Verdict.NOT_SCORED, pytest.skip.Exception),
        (Verdict.WARNING, UserWarning),
    ],
)
def test_every_verdict_is_one_of_pytest_s(verdict: Verdict, outcome: type[BaseException]) -> None:
    (case,) = load_catalogue().select("first-missing")
    with pytest.raises(outcome, match="because"):
        test_server.test_case(case, Deciding(verdict))  # type: ignore[arg-type]


def test_a_foreign_project_meets_no_option_of_ours(folder: Path) -> None:
    (folder / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    for name in ('--key', '--iv', '--fuzz-seed', '--server-url'):\n"
        "        parser.addoption(name)\n"
    )
    (folder / "test_it.py").write_text(
        "def test_it(request):\n    request.config.option.key == 'k'\n"
    )
    done = pytest_in(folder, "--key", "k")
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_foreign_project_may_have_a_folder_of_the_same_name(folder: Path) -> None:
    (folder / "conformance").mkdir()
    (folder / "conformance" / "__init__.py").write_text("MINE = True\n")
    (folder / "test_it.py").write_text(
        "import conformance\ndef test_it():\n    assert conformance.MINE\n"
    )
    done = pytest_in(folder)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize("variable", [SECRETS.key_variable, SECRETS.iv_variable])
def test_key_and_iv_come_from_the_documented_variables(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "short")
    done = call("http://127.0.0.1:1")
    assert done.exit_code == 2
    assert "but has 5 bytes" in done.output
