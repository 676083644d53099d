"""What is shown of dependence row by row, as lists of one number for each row."""

from calibration.statistics.dependence import Shares, effects


def design_effects(shares: Shares, claimed: tuple[float, ...] = ()) -> list[float]:
    return [row.design for row in effects(shares, claimed)]


def shown_effects(shares: Shares, claimed: tuple[float, ...] = ()) -> list[float]:
    return [row.shown for row in effects(shares, claimed)]


def growths(shares: Shares, claimed: tuple[float, ...] = ()) -> list[float]:
    return [row.growth for row in effects(shares, claimed)]
