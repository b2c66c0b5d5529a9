"""Draw how the marts hang together: ``python -m pipelines.diagrams``.

One page of Mermaid a schema, from what dbt tests: keys and the relationships between
tables. Nothing is drawn that no test holds.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipelines import warehouse

PLACE: Final = Path(__file__).resolve().parents[1] / "docs" / "diagrams"
"""Folder of the pages."""

_KEYS: Final = frozenset({"unique", "unique_combination"})
_Manifest = Mapping[str, Any]


def pages(manifest: _Manifest) -> dict[str, str]:
    """Write one page for every schema of marts.

    Parameters
    ----------
    manifest : mapping
        What dbt knows of the project, as in ``manifest.json``.

    Returns
    -------
    dict of file name to Markdown
        Every mart is on its schema's page with its key and foreign keys; a table of
        another schema appears by name where one points to it.
    """
    marts = {
        unique_id: node
        for unique_id, node in sorted(manifest["nodes"].items())
        if node["resource_type"] == "model" and node["access"] == "public"
    }
    keys, links = _tested(manifest, marts)
    schemas = sorted({str(node["schema"]) for node in marts.values()})
    return {
        f"{schema}.md": _page(
            schema,
            {i: node for i, node in marts.items() if node["schema"] == schema},
            keys,
            links,
        )
        for schema in schemas
    }


def draw(place: Path = PLACE) -> list[Path]:
    """Write the pages and return where they are; those of gone schemas go too."""
    parsed = json.loads(warehouse.manifest().read_text(encoding="utf-8"))
    drawn = pages(parsed)
    place.mkdir(parents=True, exist_ok=True)
    for stale in set(place.glob("*.md")) - {place / name for name in drawn}:
        stale.unlink()
    for name, text in drawn.items():
        (place / name).write_text(text, encoding="utf-8")
    return sorted(place / name for name in drawn)


def _tested(
    manifest: _Manifest, marts: Mapping[str, Any]
) -> tuple[dict[str, list[str]], dict[str, list[tuple[str, str]]]]:
    """Find the key of each mart, and which of its columns point where."""
    keys: dict[str, list[str]] = {}
    links: dict[str, list[tuple[str, str]]] = {}
    for _, test in sorted(manifest["nodes"].items()):
        told = test.get("test_metadata") or {}
        owner = test.get("attached_node")
        if test["resource_type"] != "test" or owner not in marts:
            continue
        given = told.get("kwargs", {})
        if told.get("name") in _KEYS:
            columns = given.get("columns") or [test["column_name"]]
            known = keys.get(owner)
            keys[owner] = min(known or columns, columns, key=len)
        elif told.get("name") == "relationships":
            (target,) = set(test["depends_on"]["nodes"]) - {owner} or {owner}
            links.setdefault(owner, []).append((test["column_name"], target))
    return keys, links


def _page(
    schema: str,
    marts: Mapping[str, Any],
    keys: Mapping[str, list[str]],
    links: Mapping[str, list[tuple[str, str]]],
) -> str:
    lines = [
        f"# Tables of schema {schema}",
        "",
        "Drawn by `python -m pipelines.diagrams` from dbt's tests: PK is the tested",
        "key, FK a tested reference.",
        "",
        "```mermaid",
        "erDiagram",
    ]
    for unique_id, node in marts.items():
        key = keys.get(unique_id, [])
        refers = [column for column, _ in links.get(unique_id, [])]
        lines.append(f"    {node['name']} {{")
        for column, told in node["columns"].items():
            marks = [
                mark
                for mark, columns in (("PK", key), ("FK", refers))
                if column in columns
            ]
            if marks:
                kind = told["data_type"]
                lines.append(f"        {kind} {column} {', '.join(marks)}")
        lines.append("    }")
    for unique_id, node in marts.items():
        for column, target in sorted(links.get(unique_id, [])):
            other = target.split(".")[2]
            lines.append(f"    {other} ||--o{{ {node['name']} : {column}")
    lines += ["```", ""]
    for node in marts.values():
        what = " ".join(str(node["description"]).split())
        lines += [f"- **{node['name']}**: {what}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    draw()
