"""out/bench.svg: one bar a row, its length the ratio to the best peer's figure on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

import table

LEFT, RIGHT, STEP, TOP = 260, 150, 20, 56
WIDTH = 560
LOW, HIGH = 0.01, 100.0
GOOD, BAD, NEUTRAL, MARK = "#3a7d44", "#b3422f", "#6b7a8f", "#222"


def place(ratio):
    """Where a ratio stands on the scale."""
    return LEFT + WIDTH * math.log(min(max(ratio, LOW), HIGH) / LOW) / math.log(HIGH / LOW)


def text(x, y, words, anchor="start", size=12, color=MARK):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{escape(words)}</text>'


def line(x, y1, y2, color, width=1, dashes=""):
    style = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x:.1f}" y1="{y1}" x2="{x:.1f}" y2="{y2}" stroke="{color}" stroke-width="{width}"{style}/>'


def bar(y, row, entry):
    ratio = table.ratio(entry)
    yield text(LEFT - 8, y + 13, entry["name"], "end")
    if ratio is None:
        yield text(place(1) + 8, y + 13, "not there yet" if entry["median"] is None else "no peer was measured", color=NEUTRAL)
        return
    start, end = sorted((place(1), place(ratio)))
    color = {True: GOOD, False: BAD, None: NEUTRAL}[entry["ok"]]
    yield f'<rect x="{start:.1f}" y="{y + 3}" width="{max(end - start, 1):.1f}" height="{STEP - 6}" fill="{color}"/>'
    if entry["reach"]:
        yield line(place(entry["reach"] / entry["peer"]), y + 1, y + STEP - 1, MARK, 2)
    yield text(LEFT + WIDTH + 8, y + 13, f"{table.figure(entry['median'])} ({ratio:.2f})")


def svg(entries, heading):
    height = TOP + STEP * len(entries) + 30
    bottom = TOP + STEP * len(entries)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" font-family="sans-serif">'
    yield '<rect width="100%" height="100%" fill="white"/>'
    yield text(12, 20, "Guest instructions against the best peer: shorter than 1 is fewer. Bar across: what is wanted.", size=14)
    yield text(12, 36, heading, size=10, color=NEUTRAL)
    for tick in (0.01, 0.1, 1, 10, 100):
        yield line(place(tick), TOP, bottom, "#bbb", 1, "" if tick == 1 else "3 3")
        yield text(place(tick), bottom + 16, f"{tick:g}", "middle", 11)
    for i, (row, entry) in enumerate(zip(table.ROWS, entries)):
        yield from bar(TOP + STEP * i, row, entry)
    yield "</svg>"


def write(path, entries, heading):
    path.write_text("\n".join(svg(entries, heading)) + "\n")
