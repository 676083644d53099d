"""A run in one sentence, and the results of its requirements."""

from __future__ import annotations

from conformance.judging.outcome import ACCEPTED
from conformance.judging.verdicts import Level, Verdict
from conformance.run import Run
from verikit.errors import OTHER_KEY
from verikit.plural import counted
from verikit.reports.shell import Tone, Word

NOT_CHECKED, UNTESTABLE = "not checked", "untestable"
WORDS = (
    Word(word=Verdict.FAILED, tone=Tone.BAD, meaning="The server breaks a requirement."),
    Word(word=Verdict.TOOL_ERROR, tone=Tone.OPEN, meaning="A bug in verikit, not in the server."),
    Word(
        word=Verdict.COULD_NOT_JUDGE,
        tone=Tone.OPEN,
        meaning="Something that the case depends on did not work.",
    ),
    Word(word=Verdict.NOT_RUN, tone=Tone.OPEN, meaning="The run ended before the case."),
    Word(
        word=NOT_CHECKED,
        tone=Tone.OPEN,
        meaning="No case of the requirement was selected for this run (-k, --only-failed).",
    ),
    Word(word=Verdict.WAIVED, tone=Tone.WARN, meaning="A known failure, with an explanation."),
    Word(
        word=Verdict.WARNING,
        tone=Tone.WARN,
        meaning="The server breaks a SHOULD of the page.",
    ),
    Word(word=Verdict.PASSED, tone=Tone.GOOD, meaning="As the page demands."),
    Word(
        word=Verdict.NOT_SCORED,
        tone=Tone.QUIET,
        meaning="The case is newer than the scored release.",
    ),
    Word(
        word=Verdict.NOT_APPLICABLE,
        tone=Tone.QUIET,
        meaning="The case does not apply, because of the profile or because the page is silent.",
    ),
    Word(word=UNTESTABLE, tone=Tone.QUIET, meaning="No case can judge it; the reason is given."),
)
"""What a case or a requirement can have come to, from bad to good, in the words of all reports."""
GRAVITY = tuple(Verdict(word.word) for word in WORDS if word.word in set(Verdict))


def sentence(run: Run) -> str:
    """The verdict in one or two sentences, with advice."""
    if run.exit_code == 1:
        return _failed(run)
    if run.exit_code == 3:
        return _incomplete(run)
    warned, waived = run.count(Verdict.WARNING), run.count(Verdict.WAIVED)
    rest = f", {warned} with a warning" if warned else ""
    rest += f", {waived} waived" if waived else ""
    return f"Passed: {_cases(run, Verdict.PASSED)} passed{rest}."


def requirement_verdicts(run: Run) -> dict[str, str]:
    """The gravest verdict of each requirement's cases in this run, or why there is none."""
    verdicts: dict[str, set[Verdict]] = {id: set() for id in run.requirements}
    for result in run.results:
        blamed = {finding.requirement: finding.verdict for finding in result.findings}
        for requirement in run.cases[result.case].requires:
            # A case that serves several requirements blames only those that it names.
            verdict = result.verdict
            if blamed and verdict in (Verdict.FAILED, Verdict.WARNING):
                verdict = result.verdict if requirement in blamed else Verdict.PASSED
            verdicts[requirement].add(verdict)
        if result.verdict is Verdict.PASSED:
            for reading in filter(run.profile.binds, run.cases[result.case].readings):
                verdicts[reading].add(Verdict.PASSED)
        for requirement, verdict in blamed.items():
            verdicts[requirement].add(
                verdict if result.verdict in (Verdict.FAILED, Verdict.WARNING) else result.verdict
            )
    return {
        id: next((verdict for verdict in GRAVITY if verdict in found), _without_cases(run, id))
        for id, found in verdicts.items()
    }


def _without_cases(run: Run, requirement: str) -> str:
    if run.requirements[requirement].untestable:
        return UNTESTABLE
    level = run.requirements[requirement].level
    left_open = level is Level.MAY and not run.profile.binds(requirement)
    return Verdict.NOT_APPLICABLE if left_open else NOT_CHECKED


def _failed(run: Run) -> str:
    failed = run.count(Verdict.FAILED)
    if not failed:
        return "Failed: " + " ".join(run.waiver_problems)
    broken = sum(verdict is Verdict.FAILED for verdict in requirement_verdicts(run).values())
    text = (
        f"Failed: {failed} of {counted(len(run.results), 'case')};"
        f" {counted(broken, 'requirement')} broken."
    )
    if _nothing_accepted(run) and run.ordinary == "INVALID_ARGUMENT":
        text += (
            " Every well-formed request was refused as an invalid argument."
            f" {OTHER_KEY[:-1]}: give it with --key and --iv. If its messages name Base64 or a"
            " missing parameter instead, it misreads the form."
        )
    if run.count(Verdict.NOT_RUN):
        text += f" {_cut_short(run).capitalize()}"
    return " ".join([text, *run.waiver_problems])


def _nothing_accepted(run: Run) -> bool:
    return run.ordinary != ACCEPTED


def _incomplete(run: Run) -> str:
    if not run.complete or run.count(Verdict.NOT_RUN):
        return f"Incomplete: {_cut_short(run)}"
    if run.count(Verdict.TOOL_ERROR):
        return f"Incomplete: {_cases(run, Verdict.TOOL_ERROR)} hit a bug in verikit."
    if not run.results or run.count(Verdict.NOT_APPLICABLE) == len(run.results):
        return "Incomplete: no case was judged, so there is no verdict."
    if not run.count(Verdict.COULD_NOT_JUDGE):
        return "Incomplete: all that was judged is known to fail, so there is no verdict."
    return (
        f"Incomplete: {_cases(run, Verdict.COULD_NOT_JUDGE)} could not be judged, because"
        " what they build on did not work."
    )


def _cut_short(run: Run) -> str:
    """Who ended the run: Ctrl-C is not the server's fault."""
    who = "the server stopped answering" if run.complete else "the run was stopped"
    return f"{who}; {_cases(run, Verdict.NOT_RUN)} not run."


def _cases(run: Run, verdict: Verdict) -> str:
    return counted(run.count(verdict), "case")
