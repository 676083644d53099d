"""The part of ``verikit calibrate`` that asks a server."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import click

from calibration import progress
from calibration.asking.cluster import asker_of
from calibration.asking.degrading import evaluate_degraded
from calibration.asking.run import Asker, Run, ask_from_here, evaluate
from calibration.asking.server import RequestPolicy
from calibration.claims import Claims
from calibration.counting.groups import ImpostorKind
from calibration.evaluation import Evaluation
from calibration.executors import open_workers
from calibration.sources.degradations import EVERY as DEGRADATIONS
from calibration.sources.labelled import Choice, open_labelled
from calibration.statistics.verdicts import Rule
from verikit.contract import load_contract
from verikit.contract.encryption import Secrets
from verikit.contract.profile import load_profile, profile_content
from verikit.errors import WrongUse
from verikit.options import SWITCHES, secrets
from verikit.transport import Access, Address, Endpoint


def asked(url: str, claims: Claims, access: Access, options: dict[str, Any]) -> Evaluation:
    """Ask a server as the options of ``verikit calibrate`` say, or go on with asking."""
    contract = load_contract()
    names = ("data", "photos", "people", "groups", "templates", "one_photo_each", "by_person",
             "keep_label_errors", "seed")  # fmt: skip
    impostors = ImpostorKind(options["impostors"])
    choice = Choice(**{name: options[name] for name in names}, impostors=impostors)
    with progress.working(
        "Finding who looks alike", quiet=options["quiet"] or not choice.templates
    ):
        labelled = open_labelled(choice)
    if options["degrade"] and not labelled.supports_rates:
        raise WrongUse("--degrade needs photos that show error rates: name them with --data.")
    run = Run(
        endpoints=tuple(
            Endpoint(
                address=Address.of(one),
                access=access,
                timeout=options["timeout"],
                rate=options["rate"],
            )
            for one in (url, *options["url"])
        ),
        secrets=Secrets.of(**secrets()),
        choice=choice,
        labelled=labelled,
        folder=options["out"],
        comparisons=options["budget"],
        seconds=60 * (options["minutes"] or math.inf),
        policy=_policy(options),
        rule=Rule(tolerance=options["tolerance"], alpha=1 - options["confidence"]),
        claims=claims,
        options={switch.name: True for switch in SWITCHES if options[switch.name]},
        seed=options["seed"],
        mated_share=options["mated_share"],
        until_decided=options["until"] == "decided",
        up_to=options["up_to"],
        api=options["api"],
        standard=options["standard"],
    )
    with progress.shown(run.url, quiet=options["quiet"]) as bar, ExitStack() as stack:
        asker: Asker = ask_from_here
        if options["dask"]:
            asker = asker_of(stack.enter_context(open_workers(options["dask"], 1)))
        tell = progress.of_answers(bar, run.places)
        evaluation = evaluate(run, contract, tell, asker)
        if not (options["degrade"] and evaluation.conditions.complete):
            return evaluation
        degraded = evaluate_degraded(run, contract, tell, asker)
    if len(degraded) < len(DEGRADATIONS):
        click.echo(
            f"Interrupted: {len(degraded)} of {len(DEGRADATIONS)} settings with degraded photos "
            "are done. Run the same command again to resume.",
            err=True,
        )
    return replace(evaluation, degraded=tuple(degraded))


def _policy(options: dict[str, Any]) -> RequestPolicy:
    policy = RequestPolicy(concurrency=options["concurrency"], retries=options["retries"])
    said = "score_tolerance" in profile_content(options["profile"])
    tolerance = load_profile(options["profile"]).score_tolerance if said else policy.tolerance
    return replace(policy, tolerance=tolerance)
