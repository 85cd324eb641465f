"""The arithmetic: medians, ratios, growth. Nothing here measures, reads or writes."""

import math
from dataclasses import dataclass, field
from statistics import median

# Largest over smallest cost below which a driver counts as having no influence.
FLAT = 1.25
# Exponents up to here are linear: caches get colder as tables grow.
LINEAR = 1.15
# Extra cost, as a part of the fixed cost, below which a point says nothing about growth.
VISIBLE = 0.1


def ratio(measured, base):
    """Median over rounds of measured/base, both from the same round: what slows the machine for a while slows both."""
    if len(measured) != len(base) or not base:
        raise ValueError("a ratio needs the same rounds on both sides")
    return median(x / y for x, y in zip(measured, base))


@dataclass
class Row:
    """One line of the table of results."""

    goal: str  # the number of the goal, as in the headings of docs/performance.md
    what: str
    figure: float | None  # None: could not be measured, `note` says why
    limit: float | None = None  # None: for comparison only
    unit: str = "×"
    control: float | None = None  # the same command against itself in the same rounds
    note: str = ""
    rounds: int = 0

    def verdict(self):
        if self.figure is None:
            return "not measured"
        if self.limit is None:
            return "for comparison"
        return "met" if self.figure <= self.limit else "missed"


def number(value):
    """Three significant digits, no exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def exponent(points):
    """The power with which cost grows: the slope of log(extra cost) over log(extra driver), both beyond the smallest driver.

    Points whose extra cost drowns in the fixed one are left out; `None` when fewer than two are left."""
    (first, start), *rest = sorted(points)
    logs = [(math.log(n - first), math.log(cost - start)) for n, cost in rest if cost - start > VISIBLE * start]
    if len(logs) < 2:
        return None
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread


@dataclass
class Growth:
    """How cost follows one driver."""

    driver: str
    unit: str
    expected: str  # flat or linear
    points: list = field(default_factory=list)  # (driver, milliseconds)
    note: str = ""

    def kind(self):
        costs = [cost for _, cost in self.points]
        if max(costs) <= FLAT * min(costs):
            return "flat"
        power = exponent(self.points)
        if power is None:
            return "unclear"
        return "linear" if power <= LINEAR else "superlinear"

    def verdict(self):
        kind = self.kind()
        if kind == "unclear":
            return "not measured"
        return "met" if kind in (self.expected, "flat") else "missed"

    def per_unit(self):
        """Milliseconds for one more unit, over the whole range."""
        (first, start), (last, end) = min(self.points), max(self.points)
        return (end - start) / (last - first)
