"""The claims of a verification system: thresholds, the false match rate at each, the scale.

The documented table of the contract is the claim unless ``--claims`` names another: a YAML file, or
one of those in ``published/`` by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from verikit.contract import Contract, ErrorRates
from verikit.contract.plain_yaml import NotPlainYaml, read_yaml
from verikit.errors import WrongUse, in_words
from verikit.foreign_files import MALFORMED, TooLarge, read_bytes

UNTITLED = "claims"
_BIGGEST = 64 << 10
_KNOWN = {
    "title", "source", "note", "lowest", "highest", "closer", "rows", "recommended_above", "send",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Claimed rates on the scale of the scores.

    ``rows`` are (threshold, rate) as published, the highest rate first. ``lowest`` and ``highest``
    bound the scores; None: unknown. If lower scores are closer, ``rates`` and all counts are on the
    negated scale, so that a match is always a score >= threshold. ``send`` is added to every
    request of ``--api``. ``file`` is the name of their file, "" for the documented table.
    """

    title: str
    rows: tuple[tuple[float, float], ...]
    recommended_above: float
    lowest: float | None = 0.0
    highest: float | None = 1.0
    lower_is_closer: bool = False
    source: str = ""
    note: str = ""
    file: str = ""
    send: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> str:
        """The file and the title in it, "" for the documented table."""
        told = self.file and self.title not in {"", UNTITLED, self.file}
        return f"{self.file} ({self.title})" if told else self.file

    @property
    def sign(self) -> float:
        """The factor of scores before they are counted: -1 if lower scores are closer, else 1."""
        return -1.0 if self.lower_is_closer else 1.0

    @property
    def rates(self) -> ErrorRates:
        """The rows, thresholds ascending, negated if lower scores are closer."""
        return ErrorRates(
            rows=tuple((self.sign * threshold, rate) for threshold, rate in self.rows),
            recommended_above=self.sign * self.recommended_above,
        )

    @property
    def range(self) -> tuple[float, float] | None:
        """The lowest and the highest score, negated if lower ones are closer; None: unknown."""
        if self.lowest is None or self.highest is None:
            return None
        low, high = sorted((self.sign * self.lowest, self.sign * self.highest))
        return low, high

    def require_row(self, up_to: float) -> None:
        """Check that there is a row to judge up to a threshold.

        Raises:
            WrongUse: the first row is beyond it.
        """
        first = self.rows[0][0]
        if not (math.isinf(up_to) and up_to > 0) and not self.sign * up_to >= self.sign * first:
            raise WrongUse(f"--up-to {up_to:g}: the rows of the table begin at {first:g}.")


def of_contract(contract: Contract, lower_is_closer: bool | None = None) -> Claims:
    """The documented table of the contract."""
    if lower_is_closer:
        raise WrongUse(
            "--lower-is-closer needs --claims: in the documented table, higher scores are closer."
        )
    rates = contract.error_rates
    return Claims(
        title="the documented table", rows=rates.rows, recommended_above=rates.recommended_above
    )


def names() -> list[str]:
    """The claims that come with verikit."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in files("calibration").joinpath("published").iterdir()
        if entry.name.endswith(".yaml")
    )


def load_claims(name: str, *, lower_is_closer: bool | None = None) -> Claims:
    """Read a claims file, or one that comes with verikit by its name.

    Raises:
        WrongUse: there is none, or it lacks a required key.
    """
    path, known = Path(name), name.removesuffix(".yaml")
    if known in names() and not path.exists():
        shipped = files("calibration").joinpath("published", f"{known}.yaml")
        text = shipped.read_text(encoding="utf-8")
    else:
        text = _text(path)
    try:
        entry = read_yaml(text)
        return replace(_claims(entry, lower_is_closer=lower_is_closer), file=path.name)
    except NotPlainYaml as error:
        raise WrongUse(f"{name} is not valid YAML: {error}.") from error
    except MALFORMED as error:
        raise WrongUse(
            f"{name} is not a file of claims: {in_words(error)}. It needs `rows`, pairs "
            "[threshold, rate], and may contain `title`, `source`, `note`, `lowest`, `highest`, "
            "`recommended_above`, `closer` (higher or lower), and `send`, which an --api sends."
        ) from error


def _text(path: Path) -> str:
    try:
        content = read_bytes(path, _BIGGEST)
    except OSError as error:
        raise WrongUse(
            f"There is no file of claims {path}: name a YAML file, or one of {', '.join(names())}."
        ) from error
    except TooLarge as error:
        raise WrongUse(f"{path} is not a file of claims: {error}.") from error
    # An alias may stand for ten others that do so again; no claim needs one.
    if b"&" in content and b"*" in content:
        raise WrongUse(f"{path} uses YAML aliases: write every row in full.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path} is not UTF-8.") from error


def _claims(entry: Mapping[str, Any], *, lower_is_closer: bool | None) -> Claims:
    unknown = sorted(map(str, entry.keys() - _KNOWN))
    if unknown:
        raise ValueError(f"it contains {', '.join(unknown)}, which is unknown")
    closer = entry.get("closer", "higher")
    if closer not in ("higher", "lower"):
        raise ValueError("`closer` is higher or lower")
    lower = (closer == "lower") if lower_is_closer is None else lower_is_closer
    rows = sorted(
        ((_number(threshold), _number(rate)) for threshold, rate in entry["rows"]),
        key=lambda row: -row[0] if lower else row[0],
    )
    if not rows or not all(0 < rate < 1 for _, rate in rows):
        raise ValueError("each row is [threshold, rate], the rate between 0 and 1")
    if any(a[0] == b[0] or a[1] <= b[1] for a, b in pairwise(rows)):
        raise ValueError(
            "rates must fall from the loosest to the strictest threshold (if lower scores are "
            "closer, say `closer: lower`)"
        )
    ends = [None if entry.get(e) is None else _number(entry[e]) for e in ("lowest", "highest")]
    lowest, highest = ends
    least, most = sorted((rows[0][0], rows[-1][0]))
    if (lowest is not None and lowest > least) or (highest is not None and highest < most):
        raise ValueError("thresholds must lie between `lowest` and `highest`")
    return Claims(
        title=str(entry.get("title", UNTITLED)).strip(),
        rows=tuple(rows),
        recommended_above=_number(entry.get("recommended_above", rows[len(rows) // 2][0])),
        lowest=lowest,
        highest=highest,
        lower_is_closer=lower,
        source=str(entry.get("source", "")).strip(),
        note=str(entry.get("note", "")).strip(),
        send={
            str(name): value if isinstance(value, bool | int | float) else str(value)
            for name, value in entry.get("send", {}).items()
        },
    )


def _number(value: Any) -> float:
    """YAML 1.1 takes 1e-3 for a word."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a number")
    return number
