"""Measures what docs/performance.md tells, and writes it. `make bench` runs this.

    python3 scripts/bench [--only GROUP,…] [--quick] [--write] [--program FILE]

Without --write the tables are printed only. What was measured is kept in target/bench/results, one file for each group, so
that a whole table can come of several calls; --write takes all groups that are there."""

import argparse
import datetime
import json
import sys
from dataclasses import asdict

import builds
import growth
import inspection
import library
import plot
import table
import timer
import tools
from figures import Growth, Row

GROUPS = {
    "file": inspection.one_file,
    "tree": inspection.tree,
    "memory": inspection.memory,
    "library": library.calls,
    "build-info": library.go_build_info,
    "cargo": builds.cargo,
    "go": builds.go,
    "growth": lambda quick: (measure(quick) for measure in growth.ALL),
    "release": inspection.release,
}
RESULTS = tools.HERE / "results"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="GROUP,…", help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--quick", action="store_true", help="few rounds, and nothing that takes minutes")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md, docs/growth.svg and the README's table")
    parser.add_argument("--program", metavar="FILE", help="a release binary that is built already")
    options = parser.parse_args()
    tools.given = options.program
    wanted = [name for name in options.only.replace(",", " ").split()] or list(GROUPS)
    if unknown := set(wanted) - set(GROUPS):
        parser.error(f"no group is called {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    if not sys.platform.startswith("linux"):
        parser.error("the times come from Linux's own accounts of a process")
    timer.own_session()
    for name in wanted:
        measure(name, options.quick)
    rows, growths, about = read(list(GROUPS) if options.write else wanted)
    print(table.page(rows, growths, about))
    if options.write:
        write(rows, growths, about)


def measure(name, quick):
    """One group; each line is told as soon as it is known."""
    tools.say(f"group {name}")
    found = []
    for result in GROUPS[name](quick):
        found.append(result)
        sys.stderr.write(table.grown(result) if isinstance(result, Growth) else table.line(result))
        sys.stderr.flush()
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept = {
        "about": about_now(quick),
        "rows": [asdict(result) for result in found if isinstance(result, Row)],
        "growths": [asdict(result) for result in found if isinstance(result, Growth)],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=1))


def about_now(quick):
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    command = "make bench QUICK=1" if quick else "make bench"
    return f"Measured on {today} with `{command}`, on {tools.machine()}, with {tools.versions()}."


def read(names):
    """What was measured of these groups, and when."""
    kept = [json.loads(path.read_text()) for name in names if (path := RESULTS / f"{name}.json").exists()]
    rows = [Row(**row) for group in kept for row in group["rows"]]
    growths = [Growth(**{**found, "points": [tuple(point) for point in found["points"]]}) for group in kept for found in group["growths"]]
    abouts = list(dict.fromkeys(group["about"] for group in kept))
    return rows, growths, "\n\n".join(abouts)


def write(rows, growths, about):
    for name, inside in (("docs/performance.md", table.page(rows, growths, about)), ("README.md", table.short(rows, growths, about))):
        path = tools.REPOSITORY / name
        path.write_text(table.between_marks(path.read_text(), "performance", inside))
    if growths:
        (tools.REPOSITORY / "docs/growth.svg").write_text(plot.svg(growths))
    tools.say("wrote docs/performance.md, docs/growth.svg and the table in README.md")


if __name__ == "__main__":
    main()
