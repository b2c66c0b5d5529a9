"""Vendor formats: another shape of the same facts, read through ordinary mappings."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_contracts.contract import all_contracts
from pipelines.demo.company import Style, demo_dates, write_company
from pipelines.demo.scenario import Scenario
from pipelines.demo.vendors import SHAPES, shaped
from pipelines.ingestion.land import land
from pipelines.settings import Settings

DAYS = demo_dates()
NIGHTS = (DAYS.first_night, DAYS.leaver_night)
EVERYTHING = Scenario(
    has_splits=True, has_credit_notes=True, has_requisitions=True,
    has_account_territories=True, has_finance=True, is_multi_currency=True,
)  # fmt: skip
SHAPE = {
    "snapshots": "crm-opportunity-history",
    "fields": "crm-opportunity-field-history",
}
DECIDED = {"crm-crosswalk"}  # what people decided; no system delivers it


def landed(
    home: Path, style: Style, nights: tuple[date, ...]
) -> dict[str, pl.DataFrame]:
    """Write a company in a style, land every night, and return raw by contract."""
    write_company(
        home / "landing", home / "truth", as_of=nights[-1], nights=nights, style=style,
        scenario=EVERYTHING,
    )  # fmt: skip
    (home / "sources.yaml").write_text(style.sources, encoding="utf-8")
    settings, raw = Settings(home), {}
    other = {*SHAPE.values()} - {SHAPE[style.history]}
    for contract in all_contracts():
        if contract.id in other | DECIDED:
            continue
        result = land(contract, nights[-1], settings)
        result.raise_if_refused()
        assert result.quarantined == 0, contract.id
        system, table = contract.id.split("-", maxsplit=1)
        folder = settings.raw / system / table.replace("-", "_")
        rows = pl.read_parquet(sorted(folder.glob("*.parquet")))
        own = [column.name for column in contract.columns]
        raw[contract.id] = rows.select(*own, "_known_on", "_is_deleted").sort(
            "_known_on", *own
        )
    return raw


@pytest.fixture(scope="module")
def canonical(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    return landed(tmp_path_factory.mktemp("canonical"), Style(), NIGHTS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "style",
    [
        Style(layout="vendor"),
        Style(layout="vendor", history="fields"),
        Style(layout="vendor", packing="zstd", delivery="changes"),
        Style(file="parquet"),
        Style(packing="plain", delivery="changes"),
    ],
    ids=str,
)
def test_every_style_lands_as_the_same_raw_rows(
    tmp_path: Path, canonical: dict[str, pl.DataFrame], style: Style
) -> None:
    found = landed(tmp_path, style, NIGHTS)
    assert len(found) >= 23
    for contract in set(canonical) & set(found):
        rows = canonical[contract]
        assert found[contract].equals(rows, null_equal=True), contract


def test_every_contract_has_a_shape_and_every_shape_its_columns() -> None:
    for contract in all_contracts():
        own = [column.name for column in contract.columns]
        if contract.id not in DECIDED:
            assert list(SHAPES[contract.id].columns) == own, contract.id


def test_billing_counts_in_minor_units_and_seconds() -> None:
    frame = pl.DataFrame(
        {
            "credit_note_id": ["cn_1"],
            "invoice_id": ["in_1"],
            "amount": pl.Series(["12.34"]).str.to_decimal(scale=2),
            "currency": ["USD"],
            "issued_at": pl.Series(["2026-01-31T00:00:01Z"]).str.to_datetime(),
        }
    )
    seen = shaped("billing-credit-notes", frame).row(0, named=True)
    # 2026-01-31 is 20,484 days after 1970-01-01: 20484 * 86400 + 1
    assert seen == {
        "id": "cn_1", "invoice": "in_1", "amount": 1234, "currency": "usd",
        "created": 1_769_817_601,
    }  # fmt: skip
