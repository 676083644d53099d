"""Checks which labelled photos are available for calibration."""

from __future__ import annotations

from collections.abc import Iterator

from verikit.commands.doctor.finding import Finding, State
from verikit.commands.doctor.installation import is_whole

EXTRA = "calibration"


def data() -> Iterator[Finding]:
    """A finding for each data set with a descriptor: complete, absent, or damaged."""
    if not is_whole(EXTRA):
        yield Finding(check="data", state=State.NOTE, found=f"not checked without {EXTRA}")
        return
    # These come with the extra.
    from calibration.sources import datasets  # noqa: PLC0415
    from verikit.errors import WrongUse  # noqa: PLC0415

    for name in datasets.names():
        check = f"data {name}"
        try:
            differences = datasets.check(datasets.load(name), None)
        except WrongUse as absence:
            yield Finding(check=check, state=State.NOTE, found="absent", advice=str(absence))
            continue
        if differences:
            advice = f"verikit datasets fetch {name}"
            found = "; ".join(differences)
            yield Finding(check=check, state=State.WRONG, found=found, advice=advice)
        else:
            yield Finding(check=check, found="whole")
