"""Thirty nights of a CRM that tells late, corrects itself, forgets and remembers."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import bills
import duckdb

Row = dict[str, Any]
Key = tuple[Any, ...]

TABLES = {  # columns of staging; known_on and is_deleted come last in each
    "stg_crm__opportunities": (
        "opportunity_id varchar, account_id varchar, rep_id varchar, "
        "product_id varchar, name varchar, booking_type varchar, amount_cents bigint, "
        "currency varchar, win_probability_share double, stage varchar, "
        "forecast_category varchar, is_closed boolean, is_won boolean, "
        "is_deleted_in_crm boolean, close_date date, created_on date, modified_on date"
    ),
    "stg_crm__opportunity_changes": (
        "opportunity_id varchar, amount_cents bigint, win_probability_share double, "
        "stage varchar, forecast_category varchar, close_date date, "
        "changed_at timestamp, changed_on date"
    ),
    "stg_crm__opportunity_field_history": (
        "opportunity_id varchar, field_name varchar, old_value varchar, "
        "new_value varchar, changed_at timestamp, changed_on date"
    ),
    "stg_crm__opportunity_splits": (
        "opportunity_id varchar, rep_id varchar, split_type varchar, "
        "credit_share double"
    ),
    "stg_crm__exchange_rates": (
        "currency varchar, company_currency_per_unit double, started_on date"
    ),
    "stg_crm__accounts": (
        "account_id varchar, parent_account_id varchar, owner_rep_id varchar, "
        "name varchar, industry varchar, segment_name varchar, employee_count bigint, "
        "annual_revenue_cents bigint, city varchar, region_name varchar, "
        "postal_code varchar, country varchar, latitude double, longitude double, "
        "created_on date, modified_on date, is_deleted_in_crm boolean"
    ),
    "stg_crm__account_territories": (
        "account_id varchar, territory_id varchar, started_on date, ended_on date"
    ),
    **bills.TABLES,
}
NEW_YEAR = date(2026, 3, 10)  # from then on the calendar begins later
FATES = ["grow", "close", "close", "close", "reopen", "late", "forget", "move"]
ONCE = """
create schema staging; create schema intermediate; create schema core;
create table staging.stg_reference__fiscal_days as
    select cast(range as date) as date_day,
        cast(date_trunc('week', range) as date) + 6 as week_end,
        cast(date_trunc('month', range) as date) as month_start,
        year(range) as fiscal_year, quarter(range) as fiscal_quarter
    from range(date '2025-10-01', date '2026-10-01', interval 1 day);
create table staging.stg_reference__stages as
    from (values ('open', 1, false), ('talk', 2, false), ('won', 3, true),
        ('lost', 4, true)) as stages (stage, stage_rank, is_closed);
create table staging.stg_reference__plan_rates as
    from (values ('EUR', 1.1), ('GBP', 1.3)) as p (currency, company_currency_per_unit);
create table staging.stg_reference__segments as
    from (values
        ('ent', 1, 1000, false), ('mid', 2, 100, false), ('smb', 3, null, true)
    ) as s (segment_id, segment_rank, min_employee_count, is_default)
    cross join (select cast(null as bigint) as max_employee_count,
        cast(null as varchar) as region_names, cast(null as varchar) as country_names);
create table intermediate.int_policy__segments_matched as
    from (values ('Enterprise', 'ent'), ('Small', 'smb'))
    as m (segment_name, segment_id);
"""


@dataclass
class Company:
    """Deals, their diaries, rates and accounts, and what each night tells of them."""

    seed: int
    kept: dict[str, dict[Key, Row]] = field(default_factory=dict)
    news: dict[str, dict[Key, Row]] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    opened: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.bill_dice = bills.Dice(self.seed)
        self.kept = {table: {} for table in TABLES}
        self.homes = {"r1": "n", "r2": "s"}

    def say(self, table: str, key: Key, *, is_gone: bool = False, **said: Any) -> None:
        """Let the source hold other values for a key, or no longer hold it."""
        table = table if table in TABLES else f"stg_crm__{table}"
        row = self.kept[table].get(key, {}) | said
        self.kept[table][key] = row
        self.news[table][key] = row | {"is_deleted": is_gone}
        if is_gone:
            del self.kept[table][key]

    def live(self, night: date) -> None:
        """Let one day pass, and tell what is new the night after."""
        self.news = {table: {} for table in TABLES}
        for _ in range(3):
            self.open(night)
        deals = [name for (name,) in self.kept["stg_crm__opportunities"]]
        for name in self.dice.sample(deals, k=len(deals) // 6):
            self.befall(name, night)
        for _ in range(2):
            self.correct(night)
        self.describe(night)
        self.assign(night)
        bills.bill(self.say, self.bill_dice, night)
        if self.dice.random() < 0.2:  # what an account lies in that does not say it
            self.homes[self.dice.choice(["r1", "r2"])] = self.dice.choice(["n", "s"])
        if self.dice.random() < 0.3:  # a rate of the past, or one still to begin
            key = (self.dice.choice(["EUR", "GBP", "SEK"]), self.past(night, 90))
            if self.dice.random() < 0.3:
                key = (key[0], night + timedelta(days=self.dice.randint(0, 4)))
            known = self.kept["stg_crm__exchange_rates"]
            if known and self.dice.random() < 0.3:
                self.say("exchange_rates", self.dice.choice(list(known)), is_gone=True)
            else:
                self.say(
                    "exchange_rates", key, currency=key[0], started_on=key[1],
                    company_currency_per_unit=self.dice.choice([1.0, 1.2, 1.4]),
                )  # fmt: skip

    def past(self, night: date, days: int) -> date:
        """Choose a day up to so many days back."""
        return night - timedelta(days=self.dice.randint(0, days))

    def open(self, night: date) -> None:
        """Open a deal; some are entered long after they were opened."""
        name = f"o{self.opened}"
        created = night - timedelta(days=self.dice.choice([1, 1, 13, 50]))
        due = created + timedelta(days=self.dice.randint(5, 90))
        self.opened += 1
        self.say(
            "opportunities", (name,), opportunity_id=name, rep_id="r1", stage="open",
            account_id=f"a{self.dice.randrange(6)}", is_closed=False, is_won=False,
            booking_type="new", amount_cents=self.dice.choice([None, 100, 700]),
            currency=self.dice.choice(["USD", "eur", " GBP", "SEK", None]),
            close_date=due,
            created_on=self.dice.choice([created, created, None]),
        )  # fmt: skip
        if self.opened % 3:
            self.note(name, created, "open", 100)

    def note(self, name: str, day: date, stage: str, amount: int | None) -> None:
        """Write a state into the diary, or into that of fields for each fifth deal."""
        moment = datetime.combine(day, time(9))
        if int(name[1:]) % 5:
            self.say(
                "opportunity_changes", (name, moment), opportunity_id=name,
                changed_at=moment, changed_on=day, stage=stage, amount_cents=amount,
            )  # fmt: skip
        else:
            said = {"opportunity_id": name, "changed_at": moment, "changed_on": day}
            for what, value in (("stage", stage), ("amount", amount)):
                self.say(
                    "opportunity_field_history", (name, moment, what), field_name=what,
                    new_value=None if value is None else str(value), **said,
                )  # fmt: skip

    def befall(self, name: str, night: date) -> None:
        """Let one thing happen to a deal."""
        yesterday = night - timedelta(days=1)
        match self.dice.choice(FATES):
            case "grow":
                cents = self.dice.choice([None, 300, 900])
                self.say("opportunities", (name,), amount_cents=cents)
                self.note(name, yesterday, "talk", cents)
            case "close":
                # closed yesterday, days ago, or on a day that is still to come
                day = yesterday + timedelta(days=self.dice.choice([-9, -1, 0, 3]))
                stage = self.dice.choice(["won", "lost"])
                self.say(
                    "opportunities", (name,), is_closed=True, stage=stage,
                    is_won=stage == "won", close_date=day,
                )  # fmt: skip
                self.note(name, day, stage, 500)
            case "reopen":
                self.say(
                    "opportunities", (name,), is_closed=False, is_won=False,
                    stage="talk",
                )  # fmt: skip
            case "late":
                self.note(name, self.past(yesterday, 60), "talk", 200)
            case "forget":
                how = self.dice.choice(["gone", "flagged", "back"])
                if how == "gone":
                    self.say("opportunities", (name,), is_gone=True)
                else:
                    is_out = how == "flagged"
                    self.say("opportunities", (name,), is_deleted_in_crm=is_out)
            case "move":
                account = f"a{self.dice.randrange(6)}"
                self.say("opportunities", (name,), rep_id="r2", account_id=account)
                self.say(
                    "opportunity_splits", (name, "r3"), opportunity_id=name,
                    rep_id="r3", credit_share=0.5,
                    split_type=self.dice.choice(["revenue", "overlay"]),
                )  # fmt: skip

    def correct(self, night: date) -> None:
        """Correct or strike a line of a diary; one of a deal that is gone, too."""
        table = self.dice.choice(["opportunity_changes", "opportunity_field_history"])
        lines = list(self.kept[f"stg_crm__{table}"])
        if lines and self.dice.random() < 0.4:
            self.say(table, self.dice.choice(lines), is_gone=True)
        elif lines and table == "opportunity_changes":
            self.say(table, self.dice.choice(lines), stage="talk", amount_cents=50)

    def describe(self, night: date) -> None:
        """Tell of an account anew, with holes; at times none tells of it any more."""
        key = (f"a{self.dice.randrange(6)}",)
        if key in self.kept["stg_crm__accounts"] and self.dice.random() < 0.3:
            how = {"is_gone": True} if self.dice.random() < 0.5 else {}
            self.say("accounts", key, is_deleted_in_crm=True, **how)
            return
        dice = self.dice.choice
        self.say(
            "accounts", key, account_id=key[0], is_deleted_in_crm=False,
            name=dice([None, "One", "Two"]), parent_account_id=dice([None, "a0", "a1"]),
            owner_rep_id=dice(["r1", "r2", None]), region_name=dice([None, "n", "s"]),
            segment_name=dice([None, None, "Enterprise", "Small", "Odd"]),
            employee_count=dice([None, 50, 500, 5000]), created_on=date(2025, 12, 1),
            modified_on=dice([None, night]),
        )  # fmt: skip

    def assign(self, night: date) -> None:
        """Put an account into a territory, from some day to another or for good."""
        started = self.dice.choice([date(2026, 1, 1), night + timedelta(days=2)])
        key = (f"a{self.dice.randrange(6)}", self.dice.choice(["t1", "t2"]), started)
        if (
            key in self.kept["stg_crm__account_territories"]
            and self.dice.random() < 0.3
        ):
            self.say("account_territories", key, is_gone=True)
            return
        self.say(
            "account_territories", key, account_id=key[0], territory_id=key[1],
            started_on=started,
            ended_on=self.dice.choice([None, night, night + timedelta(days=3)]),
        )  # fmt: skip

    def tell(self, db: duckdb.DuckDBPyConnection, night: date, since: Row) -> None:
        """Write what the models above would say on that night.

        ``since`` is the last build to go on from; its values are None for none.
        """
        through = night - timedelta(days=1)
        begins = date(2025, 10 if night < NEW_YEAR else 12, 1)
        if not db.execute("from duckdb_tables()").fetchall():
            db.execute(ONCE)
            for table, columns in TABLES.items():
                db.execute(
                    f"create table staging.{table} "
                    f"({columns}, known_on date, is_deleted boolean)"
                )
        db.execute(
            "delete from staging.stg_reference__fiscal_days where date_day < ?",
            [begins],
        )
        for table, rows in self.news.items():
            if rows:
                columns = [part.split()[0] for part in TABLES[table].split(", ")]
                db.executemany(
                    f"insert into staging.{table} values "
                    f"({', '.join('?' * (len(columns) + 2))})",
                    [
                        [*(row.get(one) for one in columns), night, row["is_deleted"]]
                        for row in rows.values()
                    ],
                )
        db.execute(
            "create or replace table staging.stg_reference__run as select ? as as_of, "
            "? as data_through, 'p' as policy_hash, 'USD' as currency, "
            "'new' as booking_types",
            [night, through],
        )
        db.execute(
            "create or replace table staging.stg_reference__last_build as "
            "select cast(? as date) as as_of, cast(? as date) as data_through",
            [since.get("as_of"), since.get("data_through")],
        )
        db.execute(
            "create or replace table intermediate.int_policy__months as "
            "select distinct month_start, last_day(month_start) as month_end, "
            "? as as_of, ? as data_through, month_start <= ? as has_begun, "
            "last_day(month_start) <= ? as is_complete "
            "from staging.stg_reference__fiscal_days",
            [night, through, through, through],
        )
        db.execute(
            "create or replace table intermediate.int_rep__current_jobs "
            "(rep_id varchar, region_id varchar)"
        )
        db.executemany(
            "insert into intermediate.int_rep__current_jobs values (?, ?)",
            [list(pair) for pair in self.homes.items()],
        )
