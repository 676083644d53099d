"""The command ``verikit calibrate``."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from calibration import progress
from calibration.adjudication import adjudicate, read_found
from calibration.asking.adapters import CONTRACT, NAMES
from calibration.claims import Claims, load_claims, of_contract
from calibration.combining import combine
from calibration.commands import options as shared
from calibration.commands.applicable import Source, refuse_idle, source_of
from calibration.counting.groups import ImpostorKind
from calibration.evaluation import Evaluation, from_scores, from_templates
from calibration.executors import open_workers
from calibration.judging.findings import Findings
from calibration.judging.judgement import find
from calibration.judging.requirements import Standard, chosen
from calibration.reject_curves import reject_curves
from calibration.report import console, writer
from calibration.side_by_side import compare
from calibration.sources.clusters import Clustering
from calibration.sources.degradations import EVERY as DEGRADATIONS
from calibration.sources.labelled import require_what_chooses
from calibration.sources.photos import Folder
from calibration.sources.quality import photo_qualities
from calibration.sources.score_map import thresholds_of_map, thresholds_of_text
from calibration.statistics.verdicts import Rule, Verdict
from verikit.contract import Contract, load_contract
from verikit.errors import WrongUse
from verikit.options import REACHING, SWITCHES, Count, Grouped, Number, access, switches, timeout
from verikit.transport import Access

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}
_PATH = click.Path(path_type=Path)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


def _claims(options: dict[str, Any]) -> Claims:
    lower = True if options["lower_is_closer"] else None
    named = options["claims"]
    claims = (
        load_claims(named, lower_is_closer=lower) if named else of_contract(load_contract(), lower)
    )
    claims.require_row(options["up_to"])
    if options["api"] != CONTRACT and not named:
        raise WrongUse(
            f"--api {options['api']} needs --claims: the documented table is the contract's."
        )
    return claims


class _Groups(click.ParamType[Path | Clustering]):
    """A table of people and groups, or the word for clusters; a file of that name is ./clusters."""

    name = "groups"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | Clustering:
        """A path that is there, or how many clusters."""
        word, colon, number = str(value).partition(":")
        if word != "clusters":
            return Path(shared.FILE.convert(value, param, ctx))
        if not colon:
            return Clustering()
        if not number.isdecimal() or int(number) < 2:
            self.fail(f"{value!r} is not a number of clusters such as clusters:4.", param, ctx)
        return Clustering(int(number))


@click.command(
    cls=Grouped,
    groups={
        "The data": (
            *("data", "photos", "people", "groups", "columns", "lower_is_closer"),
            *(
                "one_photo_each",
                "by_person",
                "impostors",
                "templates",
                "keep_label_errors",
                "score_map",
                "similarities",
                "adjudicated",
                "combine",
            ),
        ),
        "What is judged": (
            *(
                "claims",
                "up_to",
                "tolerance",
                "confidence",
                "require",
                "standard",
                "against",
                "quality",
                "degrade",
            ),
        ),
        "Number of comparisons": ("budget", "minutes", "until", "mated_share", "seed"),
        "Requests": (
            *("api", "url", "dask", "concurrency", "rate", "timeout", "retries"),
            *(switch.name for switch in SWITCHES),
        ),
        **REACHING,
        "Output": ("out", "thumbnails", "json", "quiet"),
    },
)
@click.argument("sources", metavar="SOURCE", nargs=-1, required=True)
@click.option(
    "--combine",
    is_flag=True,
    help="Judge several runs together: SOURCE is two or more folders of runs, or files of scores, "
    "that share no people.",
)
@click.option(
    "--data",
    default="sample",
    show_default=True,
    help="Labelled pairs for a server: the name of a data set, a folder with one folder per "
    "person, a CSV file (first,second,mated[,group]), or an InsightFace .bin file.",
)
@click.option(
    "--photos",
    type=_FOLDER,
    help="The folder with the photos of --data, or with those named in SOURCE.",
)
@click.option(
    "--groups",
    type=_Groups(),
    metavar="TABLE|clusters[:N]",
    help="Add error rates by group: of a CSV file person,group, or of clusters of people who look "
    "alike (--templates), where nobody knows their groups.",
)
@click.option(
    "--by-person",
    is_flag=True,
    help="Draw two people, then a photo of each (mated: a person, then two photos), so that "
    "people with many photos do not count more.",
)
@click.option(
    "--impostors",
    type=click.Choice([str(kind) for kind in ImpostorKind]),
    default="random",
    show_default=True,
    help="Who non-mated comparisons are of: any two people, two of the same group (--groups), or "
    "look-alikes first (--templates). The report then says how many times as often as random pairs "
    "they match.",
)
@click.option(
    "--templates",
    type=shared.FILE,
    help="Templates (.npz) of a system that is not under test, for look-alikes or clusters.",
)
@click.option(
    "--quality",
    type=shared.FILE,
    help="The quality of each photo, higher is better: a table photo,quality, or what OFIQ writes. "
    "Adds the FNMR where poor photos are rejected.",
)
@click.option(
    "--degrade",
    is_flag=True,
    help=f"Repeat the run with degraded photos, in {len(DEGRADATIONS)} settings, each with as many "
    "comparisons.",
)
@click.option(
    "--one-photo-each", is_flag=True, help="Use one photo of each person, chosen by the seed."
)
@click.option("--keep-label-errors", is_flag=True, help="Do not correct known label errors.")
@click.option(
    "--out",
    type=_PATH,
    default=Path("reports/calibration"),
    show_default=True,
    help="The folder for reports and responses; reuse it to resume a run.",
)
@click.option(
    "--budget",
    type=Count(1),
    default=3000,
    show_default=True,
    help="The number of comparisons.",
)
@click.option("--minutes", type=Number(0, min_open=True), help="Stop after this time.")
@click.option(
    "--until",
    type=click.Choice(["decided"]),
    help="Stop as soon as the verdict is certain.",
)
@click.option(
    "--up-to",
    type=float,
    default=math.inf,
    metavar="THRESHOLD",
    help="Judge only the rows up to this threshold.",
)
@shared.tolerance
@shared.confidence(help="One minus the probability of a wrong verdict.")
@shared.claims(help=f"What is claimed, if not the documented table: {shared.CLAIMS}.")
@shared.lower_is_closer
@shared.columns
@click.option(
    "--api",
    type=click.Choice(NAMES),
    default=CONTRACT,
    show_default=True,
    help="The API of the server. Any but the contract's needs --claims.",
)
@shared.people
@click.option(
    "--adjudicated",
    type=shared.FILE,
    help="The look.csv of a report with your review; judges the run before and after it.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="Compare with another system on the same pairs: a file of its scores, or the folder "
    "of its run.",
)
@shared.require
@shared.standard
@click.option("--seed", type=int, default=1, show_default=True, help="Selects the pairs.")
@click.option(
    "--mated-share",
    type=Number(0, 1),
    default=0.1,
    show_default=True,
    help="The proportion of mated pairs.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="Concurrent requests per worker.",
)
@click.option(
    "--rate",
    type=Number(0, min_open=True),
    default=50.0,
    show_default=True,
    help="Requests per second to each URL, at most.",
)
@click.option(
    "--url",
    multiple=True,
    help="A replica of the server; some pairs are sent to two of them and compared. May be "
    "repeated.",
)
@click.option(
    "--profile",
    metavar="FILE",
    help="A profile of the server: a file, or 'reference'. Its score_tolerance applies to "
    "replicas.",
)
@shared.dask
@timeout
@click.option(
    "--retries",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="Retries after a timeout, a lost connection or a 5xx.",
)
@click.option(
    "--score-map", type=shared.FILE, help="For .npz: a JSON file of knots [similarity, log10 FMR]."
)
@click.option(
    "--similarities",
    metavar="S,S,...",
    help="For .npz: the similarity for each documented threshold.",
)
@click.option(
    "--thumbnails/--no-thumbnails",
    default=True,
    show_default=True,
    help="Show photos of the pairs worth reviewing in the report.",
)
@click.option("--json", is_flag=True, help="Print the findings as JSON.")
@shared.quiet
@switches
@access
@click.pass_context
def calibrate(
    ctx: click.Context, /, sources: tuple[str, ...], access: Access, **options: Any
) -> None:
    """Test whether a server keeps its documented error rates.

    SOURCE is the URL of a server; a file of scores (text, .parquet or .jsonl with the columns
    first, second, mated, score; a matrix .npy or .npz); or a file of templates, of which all pairs
    are compared (.npz with vectors and people; needs --score-map or --similarities).

    Key and IV come from PARAM_DECRYPT_KEY and PARAM_DECRYPT_IV, or from files. Exit codes: 0 PASS,
    1 FAIL, 2 wrong usage, 3 inconclusive or incomplete.

    \b
    Examples:
      verikit calibrate http://127.0.0.1:3000
      verikit calibrate http://127.0.0.1:3000 --data lfw --budget 20000 --up-to 0.6
      verikit calibrate http://a:3000 --url http://b:3000 --dask tcp://scheduler:8786
      verikit calibrate scores.parquet --out reports/vendor
      verikit calibrate scores.csv --columns first=probe,second=reference,mated=label \\
        --claims vendor.yaml --confidence 0.99
      verikit calibrate templates.npz --score-map map.json
      verikit calibrate --combine reports/monday reports/tuesday
    """
    contract = load_contract()
    claims = _claims(options)
    if options["combine"]:
        ctx.exit(EXIT_CODES[_combined(ctx, sources, claims, options)])
    source = _single(sources)
    kind = source_of(source)
    refuse_idle(ctx, kind)
    standard = chosen(options["standard"], options["require"], options["confidence"])
    _demand_judged(standard, claims, options["up_to"])
    evaluation = _evaluation(kind, source, claims, access, options | {"standard": standard})
    evaluation = replace(evaluation, conditions=replace(evaluation.conditions, standard=standard))
    if evaluation.photos is None and options["photos"]:
        evaluation = replace(evaluation, photos=Folder(options["photos"]))
    with progress.working("Judging and writing the report", quiet=options["quiet"]):
        findings = _judged(source, evaluation, options)
        try:
            page = writer.write(
                options["out"], findings, evaluation, contract, thumbnails=options["thumbnails"]
            )
        except OSError:  # a verdict is not lost with its report
            _tell(findings, evaluation, None, in_json=options["json"])
            raise
    _tell(findings, evaluation, page, in_json=options["json"])
    ctx.exit(EXIT_CODES[findings.verdict])


def _demand_judged(standard: Standard | None, claims: Claims, up_to: float) -> None:
    """Refuse rates that are required at a threshold that is not to be judged.

    Raises:
        WrongUse: there is one.
    """
    for one in standard.requirements if standard else ():
        at = one.threshold
        if at is not None and math.isfinite(up_to) and claims.sign * at > claims.sign * up_to:
            raise WrongUse(f"{one} is required, but --up-to {up_to:g} ends before it.")


def _judged(source: str, evaluation: Evaluation, options: dict[str, Any]) -> Findings:
    """What the evaluation comes to, with the review and the comparison that were asked for."""
    rule = Rule(
        tolerance=options["tolerance"],
        alpha=1 - options["confidence"],
        at_any_time=evaluation.at_any_time,
    )
    measurement, rates = evaluation.measurement, evaluation.claims.rates
    conditions = evaluation.conditions
    if looked_at := options["adjudicated"]:
        before = find(measurement, rates, rule, conditions)
        review = adjudicate(measurement, read_found(looked_at), looked_at.name)
        conditions = replace(conditions, review=review.after(before))
    findings = find(measurement, rates, rule, conditions)
    if options["against"]:
        rows = compare(
            Path(source),
            options["against"],
            evaluation,
            columns=options["columns"],
            people=options["people"],
            rule=rule,
        )
        findings = replace(findings, against=rows)
    if options["quality"]:
        curves = reject_curves(
            Path(source) if Path(source).is_file() else options["out"],
            photo_qualities(options["quality"]),
            evaluation,
            columns=options["columns"],
            people=options["people"],
            rule=rule,
        )
        findings = replace(findings, quality=curves)
    claims = evaluation.claims.named
    return replace(findings, degraded=list(evaluation.degraded), claims=claims)


def _single(sources: tuple[str, ...]) -> str:
    if len(sources) > 1:
        raise WrongUse(
            "Give one SOURCE: replicas of a server with --url, runs to be combined with --combine."
        )
    return sources[0]


def _combined(
    ctx: click.Context, sources: tuple[str, ...], claims: Claims, options: dict[str, Any]
) -> Verdict:
    refuse_idle(ctx, Source.RUNS)
    rule = Rule(tolerance=options["tolerance"], alpha=1 - options["confidence"])
    with progress.working("Judging", quiet=options["quiet"]):
        found = combine(
            [Path(source) for source in sources],
            load_contract(),
            claims,
            rule,
            options["up_to"],
            columns=options["columns"],
            people=options["people"],
        )
        document = writer.combined_as_json(found)
        options["out"].mkdir(parents=True, exist_ok=True)
        (options["out"] / "combined.json").write_text(document, encoding="utf-8")
    if options["json"]:
        click.echo(document, nl=False)
    else:
        console.tell_combined(found, claims.named)
    return found.verdict


def _evaluation(
    kind: Source, source: str, claims: Claims, access: Access, options: dict[str, Any]
) -> Evaluation:
    contract = load_contract()
    if kind == Source.SERVER:
        # Half a second that a file of scores need not wait for.
        from calibration.commands.server_run import asked  # noqa: PLC0415

        return asked(source, claims, access, options)
    path = Path(source)
    with progress.shown(path.name, quiet=options["quiet"]) as bar:
        if kind == Source.SCORES:
            bar.add_task("", total=None, note="counting")
            require_what_chooses(
                ImpostorKind(options["impostors"]), options["groups"], options["templates"]
            )
            return from_scores(
                path,
                contract,
                options["up_to"],
                claims=claims,
                columns=options["columns"],
                people=options["people"],
                groups=options["groups"],
                impostors=ImpostorKind(options["impostors"]),
                templates=options["templates"],
            )
        thresholds = _similarities(contract, options)
        tell = progress.of_tiles(bar)
        with open_workers(options["dask"], 1) if options["dask"] else nullcontext() as workers:
            return from_templates(path, contract, thresholds, options["up_to"], tell, workers)


def _similarities(contract: Contract, options: dict[str, Any]) -> tuple[float, ...]:
    if options["score_map"] and options["similarities"]:
        raise WrongUse("--score-map and --similarities say the same: give one of them.")
    if options["score_map"]:
        return thresholds_of_map(options["score_map"], contract.error_rates)
    if options["similarities"]:
        return thresholds_of_text(options["similarities"], contract.error_rates)
    raise WrongUse("Templates give similarities, not scores: add --score-map or --similarities.")


def _tell(findings: Findings, evaluation: Evaluation, page: Path | None, *, in_json: bool) -> None:
    if in_json:
        click.echo(writer.as_json(findings, evaluation), nl=False)
    else:
        console.tell(findings, page)
