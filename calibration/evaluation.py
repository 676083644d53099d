"""An evaluation: the counts, their source, and the conditions of the run."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from calibration.claims import Claims, of_contract
from calibration.counting.comparisons import Measurement
from calibration.counting.groups import (
    ACROSS,
    LOOK_ALIKE,
    NOT_GIVEN,
    OTHERS,
    ChosenImpostors,
    Clusters,
    ImpostorKind,
    label_of,
    require_one_way,
)
from calibration.counting.identities import Identities, People
from calibration.executors import Workers
from calibration.files import file_digest
from calibration.judging.conditions import RunConditions
from calibration.judging.findings import DegradedRow
from calibration.objections import Effect, Objection
from calibration.sources import all_pairs, tiles
from calibration.sources.clusters import Clustering, cluster_people
from calibration.sources.formats.matrices import holds_matrix, open_matrix
from calibration.sources.formats.opening import RunTable
from calibration.sources.formats.people_tables import groups_of, photo_people
from calibration.sources.formats.run_file import open_run
from calibration.sources.independence import SAME_SYSTEM, UNRELATED, trusted
from calibration.sources.independence import objections as independence
from calibration.sources.pairs.impostors import share_within
from calibration.sources.pairs.look_alikes import LookAlikes
from calibration.sources.photos import Photos
from calibration.sources.scores import (
    Label,
    count_scores,
    first_scores,
    open_scores,
)
from calibration.sources.templates import OfPhotos, load
from calibration.statistics.arrays import Counts, Floats
from verikit.contract import Contract, load_contract
from verikit.errors import WrongUse

_LIBRARIES = ("verikit", "numpy", "scipy", "pyarrow")


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """``axis`` names what thresholds are on; ``in_random_order`` allows a sequential trace.
    ``degraded`` is what the same pairs come to with degraded photos."""

    title: str
    measurement: Measurement
    conditions: RunConditions
    provenance: Mapping[str, str]
    claims: Claims = field(default_factory=lambda: of_contract(load_contract()))
    axis: str = "score"
    in_random_order: bool = False
    at_any_time: bool = False
    photos: Photos | None = field(default=None, repr=False)
    degraded: tuple[DegradedRow, ...] = ()


def new_measurement(
    contract: Contract,
    claims: Claims,
    identities: Identities | None = None,
    impostors: ChosenImpostors | None = None,
) -> Measurement:
    """An empty measurement of a server, of people that are known if ``identities`` are given."""
    no_face = contract.codes["DETECTION_FAILED"].code
    measurement = _measurement(claims, no_face, lambda: np.zeros(0))
    if identities is not None:
        measurement.identities = identities
    measurement.impostors = impostors
    measurement.tells_refusals = True
    return measurement


@cache
def _versions() -> str:
    installed = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    return f"{installed}, Python {platform.python_version()}"


def versions() -> dict[str, str]:
    """The versions that the numbers depend on."""
    return {"versions": _versions()}


def from_scores(  # noqa: PLR0913 - what may be said about a file
    path: Path,
    contract: Contract,
    up_to: float,
    *,
    claims: Claims | None = None,
    columns: Mapping[str, str] | None = None,
    people: Path | None = None,
    groups: Path | Clustering | None = None,
    impostors: ImpostorKind = ImpostorKind.RANDOM,
    templates: Path | None = None,
) -> Evaluation:
    """An evaluation from a file of scores.

    ``columns`` names columns that are called otherwise in the file; ``people`` is a table of photos
    and people, or the labels of a matrix; ``groups`` one of people and groups, or clusters by
    ``templates``. ``impostors`` are those of the same group, or look-alikes by ``templates``.
    """
    claims = claims or of_contract(contract)
    conditions, at_any_time = RunConditions(up_to=up_to), False
    no_face = contract.codes["DETECTION_FAILED"].code
    if holds_matrix(path):
        if columns or groups or templates:
            named = "--columns" if columns else "--groups" if groups else "--impostors"
            raise WrongUse(f"{named} does not apply to {path}: a matrix has no names.")
        told = photo_people(people) if people and people.suffix.lower() != ".npy" else {}
        matrix = open_matrix(path, people, told)
        measurement = _measurement(claims, no_face, lambda: matrix.sample)
        matrix.count(measurement)
    else:
        table = open_scores(path, columns or {})
        measurement = _measurement(claims, no_face, lambda: first_scores(table))
        if isinstance(table, RunTable):
            run = open_run(path)
            at_any_time = run.at_any_time
            conditions = RunConditions(
                complete=run.ended is not None,
                supports_rates=run.supports_rates,
                up_to=up_to,
                known_direction=True,
                objections=run.objections,
                troubles=run.troubles,
                begun=run.begun,
                clusters=run.clusters,
            )
            if run.identities and not people:
                measurement.identities = run.identities
            measurement.impostors = run.impostors
            if (groups or templates) and run.impostors:
                raise WrongUse(
                    f"--{'groups' if groups else 'impostors'} does not apply to {path}: its pairs "
                    "were chosen by other groups, or as look-alikes."
                )
        given = photo_people(people) if people else {}
        count_scores(table, measurement, given)
        names = (part for label in measurement.labels.names for part in label.split(ACROSS))
        require_one_way(set(names), path)
        clusters = trusted(measurement, conditions.clusters, conditions.objections)
        conditions = replace(conditions, clusters=clusters)
        if groups or templates:  # who is on the photos may be known only now
            grouped = _measurement(claims, no_face, lambda: first_scores(table))
            grouped.identities = measurement.identities
            grouped.identities.settle()
            found = _labelling(measurement, groups, impostors, templates)
            grouped.impostors = found.impostors
            count_scores(table, grouped, given, found.label)
            measurement = grouped
            conditions = replace(
                conditions,
                objections=(*conditions.objections, *found.objections),
                clusters=found.clusters,
            )
    return Evaluation(
        title=path.name,
        measurement=measurement,
        conditions=conditions,
        at_any_time=at_any_time,
        provenance={"scores": str(path), "SHA-256": file_digest(path)}
        | ({"people": str(people)} if people else {})
        | ({"groups": str(groups)} if groups else {})
        | ({"templates": str(templates)} if templates else {})
        | told_of(claims)
        | versions(),
        claims=claims,
        axis="distance" if claims.lower_is_closer else "score",
    )


@dataclass(frozen=True, kw_only=True)
class _Labelling:
    """How pairs of photos are labelled, and what is to be said of that."""

    label: Label
    impostors: ChosenImpostors | None = None
    objections: tuple[Objection, ...] = ()
    clusters: Clusters | None = None


def _labelling(
    measurement: Measurement, groups: Path | Clustering | None, impostors: ImpostorKind,
    templates: Path | None,
) -> _Labelling:  # fmt: skip
    """By groups or look-alikes, of the photos that were counted."""
    identities = measurement.identities
    people = identities.people()
    if isinstance(groups, Path):
        found, untold = groups_of(groups, people.names)
        of_photo = _groups_of(found, people)
        chosen = None
        if impostors == ImpostorKind.SAME_GROUP:
            chosen = ChosenImpostors(kind=impostors, share=share_within(people.person, of_photo))
        return _Labelling(
            label=partial(_group_label, of_photo), impostors=chosen, objections=tuple(untold)
        )
    assert templates is not None  # noqa: S101 - groups or templates are given
    given = OfPhotos.load(templates, identities.photos.names)
    told = independence(measurement, given)
    if groups:
        for one in told:
            if one.kind == SAME_SYSTEM:
                raise WrongUse(one.text)
        found, clusters = cluster_people(given, people.by_photo(), groups)
        return _Labelling(
            label=partial(_group_label, _groups_of(found, people)),
            objections=tuple(told),
            clusters=clusters,
        )
    part = measurement.non_mated.by_photo.taking_part(people.person.size)
    alike = LookAlikes(given, people.person, part, _probes(measurement, people.person.size))
    # Nobody knows that the rest was compared at random: a PASS must not need it.
    strict = (replace(one, effect=Effect.NO_PASS) for one in alike.objections())
    return _Labelling(
        label=partial(_look_alike_label, alike),
        impostors=alike.chosen,
        objections=(
            *map(_of_look_alikes, told),
            *strict,
            *alike.objections_to_rest(*measurement.non_mated.pairs.kept()),
        ),
    )


def _of_look_alikes(told: Objection) -> Objection:
    """The objection where templates say which comparisons of a file are look-alikes.

    Templates that have nothing in common with the scores cannot show whether the rest is random.
    """
    if told.kind != UNRELATED:
        return told
    advice = "Judge without --impostors look-alike, or give templates of these photos."
    return replace(told, effect=Effect.NO_VERDICT, text=f"{told.text} {advice}")


def _probes(measurement: Measurement, photos: int) -> np.ndarray | None:
    """Which photos are probes, if no photo is the first one of a pair and the second one of
    another: then first ones are compared with second ones alone."""
    one, other = (counts.pairs.ends(photos) for counts in measurement.kinds)
    first, second = one | other
    return None if (first & second).any() else first


def _groups_of(groups: Mapping[str, str], people: People) -> list[str]:
    """The group of each photo by its number."""
    return [groups.get(person, NOT_GIVEN) for person in people.by_photo()]


def _group_label(of_photo: list[str], first: Counts, second: Counts) -> list[str]:
    pairs = zip(first.tolist(), second.tolist(), strict=True)
    return [label_of(of_photo[a], of_photo[b]) for a, b in pairs]


def _look_alike_label(near: LookAlikes, first: Counts, second: Counts) -> list[str]:
    return [LOOK_ALIKE if alike else OTHERS for alike in near.have(first, second).tolist()]


def _measurement(claims: Claims, no_face: int, sample: Callable[[], Floats]) -> Measurement:
    """Empty counts on the scale of the claims, which the first scores show where it is not told."""
    thresholds = claims.rates.thresholds
    if claims.range is not None:
        low, high = claims.range
        return Measurement(thresholds, no_face, low=low, high=high, sign=claims.sign)
    seen = claims.sign * sample()
    seen = np.concatenate([seen[np.isfinite(seen)], np.array(thresholds)])
    low, high = float(seen.min()), float(seen.max())
    room = (high - low or 1.0) / 2
    return Measurement(
        thresholds, no_face, low=low - room, high=high + room, open_ended=True, sign=claims.sign
    )


def told_of(claims: Claims) -> dict[str, str]:
    """What the report says of the claims."""
    told = {"claims": claims.title, "source of the claims": claims.source, "note": claims.note}
    return {name: text for name, text in told.items() if text}


def from_templates(  # noqa: PLR0913, PLR0917 - one more than elsewhere: who counts
    path: Path,
    contract: Contract,
    thresholds: tuple[float, ...],
    up_to: float,
    tell: Callable[[int, int], None],
    workers: Workers | None = None,
) -> Evaluation:
    """An evaluation from all pairs of templates; thresholds are similarities.

    ``workers`` counts them, if there is one; else this process does.
    """
    templates = load(path)
    low, high = templates.range
    no_face = contract.codes["DETECTION_FAILED"].code
    measurement = Measurement(thresholds, no_face, low=low, high=high)
    if workers:
        axis = thresholds, low, high
        work = tiles.Work(path=path.resolve(), digest=file_digest(path), axis=axis)
        tiles.measure(work, templates, measurement, workers, tell)
    else:
        all_pairs.measure(templates, measurement, tell)
    return Evaluation(
        title=path.name,
        measurement=measurement,
        conditions=RunConditions(up_to=up_to, known_direction=True),
        provenance={"templates": str(path), "SHA-256": file_digest(path)} | versions(),
        axis="similarity",
    )
