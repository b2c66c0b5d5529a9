"""The drawn diagrams are those of the project as it is."""

import json

from pipelines import warehouse
from pipelines.diagrams import PLACE, pages


def test_the_diagram_of_core_is_the_one_the_command_draws() -> None:
    manifest = json.loads(warehouse.manifest().read_text("utf-8"))
    kept = (PLACE / "core.md").read_text("utf-8")
    assert kept == pages(manifest)["core.md"], "draw: python -m pipelines.diagrams"


def test_a_reference_that_is_tested_is_a_line_between_two_tables() -> None:
    def test_of(name: str, column: str | None, *nodes: str, **given: object) -> dict:
        return {
            "resource_type": "test",
            "attached_node": "model.p.fct_sale",
            "column_name": column,
            "test_metadata": {"name": name, "kwargs": given},
            "depends_on": {"nodes": [f"model.p.{node}" for node in nodes]},
        }

    def model(name: str, schema: str, *columns: str) -> dict:
        return {
            "resource_type": "model",
            "access": "public",
            "name": name,
            "schema": schema,
            "description": f"{name}. One row per {columns[0]}.",
            "columns": {column: {"data_type": "string"} for column in columns},
        }

    drawn = pages(
        {
            "nodes": {
                "model.p.fct_sale": model("fct_sale", "plan", "sale_id", "rep_id", "x"),
                "model.p.dim_rep": model("dim_rep", "core", "rep_id"),
                "test.p.a": test_of("unique", "sale_id", "fct_sale"),
                "test.p.b": test_of("relationships", "rep_id", "dim_rep", "fct_sale"),
            }
        }
    )
    assert drawn.keys() == {"core.md", "plan.md"}
    assert "    dim_rep ||--o{ fct_sale : rep_id\n" in drawn["plan.md"]
    assert "string sale_id PK\n        string rep_id FK\n" in drawn["plan.md"]
    assert " x " not in drawn["plan.md"]
