"""A review pack on paper: one HTML file that needs no other, and the same as PDF."""

import textwrap
from collections.abc import Sequence
from html import escape
from typing import Final

from pipelines.publication.pack_blocks import WIDTH, Block

_MARGIN: Final = 40
_LINE: Final = 16  # height of a line of text in the PDF
_LETTER: Final = 5.6  # mean width of a letter at 11 pixels
_INK: Final = "#1f2933"
_MUTED: Final = "#616e7c"
_STYLE: Final = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;
color:#1f2933;background:#fff}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .3rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #cfd8e3;
vertical-align:top}
svg{width:100%;height:auto;background:#fff}figure{margin:.6rem 0}
figcaption{font-size:.85rem;color:#616e7c}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}
figure,tr{break-inside:avoid}}
@page{size:A4;margin:16mm}
"""


def html_of(title: str, about: str, blocks: Sequence[Block]) -> str:
    """Return a page that holds everything it shows: style, drawings and rows."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<header><h1>{escape(title)}</h1><p>{escape(about)}</p></header><main>",
    ]
    for block in blocks:
        parts.append(f"<section><h2>{escape(block.heading)}</h2>")
        parts.append(f"<p>{escape(block.words)}</p>")
        if block.drawing:
            told, height = escape(block.drawing.told), block.drawing.height
            parts.append(
                f'<figure><svg role="img" aria-label="{told}" '
                f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
                f'font-family="sans-serif">{block.drawing.svg}</svg>'
                f"<figcaption>{told}</figcaption></figure>"
            )
        if block.rows:
            heads = "".join(f'<th scope="col">{escape(t)}</th>' for t in block.titles)
            body = "".join(
                "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
                for row in block.rows
            )
            parts.append(f"<table><thead><tr>{heads}</tr></thead>")
            parts.append(f"<tbody>{body}</tbody></table>")
        parts.append("</section>")
    return "\n".join([*parts, "</main></body></html>"]) + "\n"


def pdf_of(title: str, about: str, blocks: Sequence[Block]) -> bytes:
    """Return the same as PDF: one page as long as it needs, its text selectable."""
    # here and not above: nobody who only lists packs needs its engine
    import vl_convert

    return bytes(vl_convert.svg_to_pdf(_sheet(title, about, blocks)))


def _sheet(title: str, about: str, blocks: Sequence[Block]) -> str:
    """Set the blocks below each other as one SVG."""
    parts, y = [_text(title, _MARGIN, 20)], _MARGIN
    for line in _wrapped(about):
        y += _LINE
        parts.append(_text(line, y + 6, 11))
    for block in blocks:
        y += 2 * _LINE + 8
        parts.append(_text(block.heading, y, 14))
        for line in _wrapped(block.words):
            y += _LINE
            parts.append(_text(line, y, 11))
        if block.drawing:
            parts.append(
                f'<g transform="translate({_MARGIN} {y + 8})">{block.drawing.svg}</g>'
            )
            y += block.drawing.height + 8
        if block.rows:
            y = _table(parts, block, y)
    height, width = y + 2 * _MARGIN, WIDTH + 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif"><rect width="{width}" height="{height}" '
        f'fill="#fff"/>{"".join(parts)}</svg>'
    )


def _table(parts: list[str], block: Block, y: int) -> int:
    """Set a table with columns as wide as their longest words allow; return its end."""
    longest = [
        max(min(len(cells[place]), 60) for cells in (block.titles, *block.rows)) + 2
        for place in range(len(block.titles))
    ]
    share = WIDTH / sum(longest)
    widths = [each * share for each in longest]
    for number, cells in enumerate((block.titles, *block.rows)):
        wrapped = [
            textwrap.wrap(cell, max(int(width / _LETTER) - 1, 4)) or [""]
            for cell, width in zip(cells, widths, strict=True)
        ]
        y += 6
        for depth in range(max(len(lines) for lines in wrapped)):
            y += _LINE - 2
            for place, lines in enumerate(wrapped):
                if depth < len(lines):
                    x = _MARGIN + sum(widths[:place])
                    tone = _INK if number else _MUTED
                    parts.append(_text(lines[depth], y, 10, tone, x))
        end = _MARGIN + WIDTH
        parts.append(
            f'<line x1="{_MARGIN}" y1="{y + 4}" x2="{end}" y2="{y + 4}" '
            'stroke="#cfd8e3"/>'
        )
    return y


def _text(words: str, y: int, size: int, tone: str = _INK, x: float = _MARGIN) -> str:
    # one weight throughout: with two the engine names its fonts in any order
    return (
        f'<text x="{x:.1f}" y="{y}" font-size="{size}" fill="{tone}">'
        f"{escape(words)}</text>"
    )


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, int(WIDTH / _LETTER))
