"""From rows to Markdown: docs/performance.md with everything, and a short table in the README."""

import re

from figures import number

GOALS = {
    "1": "One file",
    "2": "A tree of files",
    "3": "A call of the library, and memory",
    "4": "Guarded builds",
    "5": "What goes over many bytes, and what must cost nothing",
    "6": "Growth",
    "7": "The release binary",
}
# What the README shows of all this.
IN_README = [
    r"check of (ls|uv|biome|node) \(", r"check of uv / `scanelf", r"check of uv / `readelf", r"node / checksec", r"the tree, warm: check / `scanelf",
    r"no-op `(cargo|go) build`, (an empty|\d+ crates|50|one).* / bare$", r"^size of the release", r"peak memory of check of node",
]


def value(figure, unit):
    shown = number(figure)
    return f"{shown} {unit}".strip() if unit != "×" else f"{shown} ×"


def line(row, with_noise=True):
    figure = "" if row.figure is None else value(row.figure, row.unit)
    limit = "" if row.limit is None else f"≤ {value(row.limit, row.unit)}"
    cells = [row.what, figure, limit, f"**{row.verdict()}**" if row.verdict() == "missed" else row.verdict()]
    if with_noise:
        cells[2:2] = ["" if row.control is None else number(row.control)]
        cells.append(row.note)
    return f"| {' | '.join(cells)} |\n"


HEAD = "| what | figure | A/A | limit | verdict | medians |\n|---|---:|---:|---:|---|---|\n"
SHORT_HEAD = "| what | figure | limit | verdict |\n|---|---:|---:|---|\n"
GROWTH_HEAD = "| driver | cost in ms, by driver | grows | has to be | verdict | for one more |\n|---|---|---|---|---|---:|\n"


def grown(growth):
    points = ", ".join(f"{n:,}: {number(cost)}" for n, cost in sorted(growth.points))
    each = "" if growth.kind() == "flat" else f"{number(1000 * growth.per_unit())} µs"
    cells = [f"{growth.unit} ({growth.note})", points, growth.kind(), growth.expected, growth.verdict(), each]
    return f"| {' | '.join(cells)} |\n"


def tally(rows, growths):
    verdicts = [row.verdict() for row in rows if row.limit is not None] + [growth.verdict() for growth in growths]
    return ", ".join(f"{verdicts.count(v)} {v}" for v in ("met", "missed", "not measured") if v in verdicts)


def page(rows, growths, about):
    """The inside of docs/performance.md, between its marks."""
    parts = [f"{about}\n\nOf the limits, {tally(rows, growths)}.\n"]
    for goal, heading in GOALS.items():
        of_goal = [row for row in rows if row.goal == goal]
        if of_goal:
            parts.append(f"\n### {goal}. {heading}\n\n{HEAD}{''.join(map(line, of_goal))}")
        if goal == "6" and growths:
            parts.append(f"\n### 6. {heading}\n\n{GROWTH_HEAD}{''.join(map(grown, growths))}\n![Cost by driver](growth.svg)\n")
    return "".join(parts)


def short(rows, growths, about):
    """What stands in the README."""
    shown = [row for pattern in IN_README for row in rows if re.search(pattern, row.what)]
    # In the order they were measured in, each once.
    kept = [row for row in rows if row in shown]
    return f"{about}\n\n{SHORT_HEAD}{''.join(line(row, False) for row in kept)}\nOf all limits, {tally(rows, growths)}.\n"


def between_marks(text, name, inside):
    """`text` with what stands between `<!-- name: begin -->` and `<!-- name: end -->` replaced."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"no marks for {name}")
    return f"{before}{begin}{inside}{end}{after}"
