"""Growth as an SVG: cost over driver, both axes logarithmic, so that what is linear is a straight line of slope one.

Readable on light and dark ground: the colours of text and lines follow the reader's scheme, and each line has its name."""

import math

from figures import number

WIDTH, HEIGHT = 900, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 40, 60
COLOURS = ["#1f77b4", "#d95f02", "#2a9d5c", "#c2407e", "#8a6bd1", "#a07800"]
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .axis { stroke: #59636e; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .grid { stroke: #30363d }
    .axis { stroke: #9198a1 }
  }
"""


def decades(values):
    return range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)


class Scale:
    """From a value to its place on an axis."""

    def __init__(self, values, start, end):
        powers = decades(values)
        self.low, self.high = powers[0], max(powers[-1], powers[0] + 1)
        self.start, self.end = start, end

    def __call__(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def label(value):
    return f"{value:,.0f}" if value >= 1 else number(value)


def axes(x, y):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick in x.ticks():
        yield f'<line class="grid" x1="{x(tick)}" y1="{TOP}" x2="{x(tick)}" y2="{bottom}"/>'
        yield f'<text x="{x(tick)}" y="{bottom + 20}" text-anchor="middle">{label(tick)}</text>'
    for tick in y.ticks():
        yield f'<line class="grid" x1="{LEFT}" y1="{y(tick)}" x2="{right}" y2="{y(tick)}"/>'
        yield f'<text x="{LEFT - 8}" y="{y(tick) + 4}" text-anchor="end">{label(tick)}</text>'
    yield f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{bottom}H{right}"/>'
    yield f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 15}" text-anchor="middle">how many of what drives it (logarithmic)</text>'
    middle = (TOP + bottom) / 2
    yield f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">CPU time of a run, ms (logarithmic)</text>'


def apart(places, least=17):
    """Labels that would lie over one another are moved down, in their order."""
    moved, last = {}, -math.inf
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        last = max(place, last + least)
        moved[name] = last
    return moved


def svg(growths):
    points = [point for growth in growths for point in growth.points]
    x = Scale([n for n, _ in points], LEFT, WIDTH - RIGHT)
    y = Scale([cost for _, cost in points], HEIGHT - BOTTOM, TOP)
    parts = list(axes(x, y))
    names = apart({growth.unit: y(max(growth.points)[1]) for growth in growths})
    for growth, colour in zip(growths, COLOURS):
        ordered = sorted(growth.points)
        line = " ".join(f"{x(n)},{y(cost)}" for n, cost in ordered)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{line}"/>')
        parts += [f'<circle cx="{x(n)}" cy="{y(cost)}" r="3.5" fill="{colour}"/>' for n, cost in ordered]
        last, place = ordered[-1], names[growth.unit]
        parts.append(
            f'<path stroke="{colour}" stroke-dasharray="2 3" fill="none" d="M{x(last[0])} {y(last[1])}L{WIDTH - RIGHT + 6} {place}"/>'
            f'<circle cx="{WIDTH - RIGHT + 12}" cy="{place}" r="4" fill="{colour}"/>'
            f'<text x="{WIDTH - RIGHT + 20}" y="{place + 4}">{growth.unit}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Cost by driver">\n'
        f"<style>{STYLE}</style>\n"
        f'<text class="title" x="{LEFT}" y="22">What a run costs, by what drives it</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )
