"""A billing system whose bills come late, are corrected, move and vanish."""

import random
from collections.abc import Callable
from datetime import date, timedelta

Say = Callable[..., None]

TABLES = {  # columns of staging; known_on and is_deleted come last in each
    "stg_billing__customers": (
        "customer_id varchar, account_id varchar, name varchar, currency varchar, "
        "created_on date"
    ),
    "stg_billing__subscriptions": (
        "subscription_id varchar, customer_id varchar, status varchar, "
        "started_on date, ended_on date, canceled_on date"
    ),
    "stg_billing__subscription_items": (
        "item_id varchar, subscription_id varchar, product_id varchar, "
        "quantity double, unit_amount_cents bigint, interval_months integer"
    ),
    "stg_billing__invoices": (
        "invoice_id varchar, customer_id varchar, subscription_id varchar, "
        "total_cents bigint, currency varchar, status varchar, issued_on date, "
        "due_on date, paid_on date"
    ),
    "stg_billing__invoice_lines": (
        "line_id varchar, invoice_id varchar, item_id varchar, amount_cents bigint, "
        "is_proration boolean, service_from date, service_to date"
    ),
    "stg_billing__credit_notes": (
        "credit_note_id varchar, invoice_id varchar, amount_cents bigint, "
        "currency varchar, issued_on date"
    ),
    "stg_crm__crosswalks": (
        "kind varchar, crm_id varchar, other_id varchar, is_same boolean, "
        "decided_on date"
    ),
}
MONEY = ["USD", "eur", " GBP", "SEK", None]  # the policy has forgotten the krona
FEW, MANY = 20, 60


class Dice(random.Random):
    """Dice that know whether they were thrown for a first night."""

    is_first = True


def bill(say: Say, dice: Dice, night: date) -> None:
    """Let a night tell of bills: of all there are at first, then of a few."""
    kinds = [_customer, _subscription, _item, _invoice, _line, _note, _decision]
    if dice.is_first:
        dice.is_first = False
        for kind, times in zip(kinds, [FEW, FEW, MANY, MANY, MANY, 4, 1], strict=True):
            for number in range(times):
                kind(say, dice, night, number)
        return
    for kind in dice.choices(kinds, weights=[1, 1, 2, 3, 3, 1, 1], k=2):
        kind(say, dice, night, dice.randrange(FEW if kind is _customer else MANY))


def _gone(dice: random.Random) -> bool:
    return dice.random() < 0.08


def _customer(say: Say, dice: random.Random, night: date, number: int) -> None:
    say(
        "stg_billing__customers", (f"c{number}",), customer_id=f"c{number}",
        account_id=dice.choice([f"a{number % 15}", f"a{dice.randrange(15)}", None]),
        name=f"C{number}", currency=dice.choice(MONEY), is_gone=_gone(dice),
    )  # fmt: skip


def _subscription(say: Say, dice: random.Random, night: date, number: int) -> None:
    started = _day(dice, night, 200, 3)
    ended = started + timedelta(days=dice.choice([20, 150, 400]))
    say(
        "stg_billing__subscriptions", (f"s{number}",), subscription_id=f"s{number}",
        customer_id=f"c{dice.randrange(FEW)}", started_on=started,
        status=dice.choice(["active"] * 4 + ["canceled", "trialing"]),
        ended_on=dice.choice([ended, None]), canceled_on=dice.choice([ended, None]),
        is_gone=_gone(dice),
    )  # fmt: skip


def _item(say: Say, dice: random.Random, night: date, number: int) -> None:
    say(
        "stg_billing__subscription_items", (f"i{number}",), item_id=f"i{number}",
        subscription_id=f"s{dice.randrange(FEW)}", interval_months=dice.choice([1, 12]),
        quantity=dice.choice([1.0, 3.0]), is_gone=_gone(dice),
        unit_amount_cents=dice.choice([None, -100, 700, 700, 999, 1999]),
    )  # fmt: skip


def _invoice(say: Say, dice: random.Random, night: date, number: int) -> None:
    say(
        "stg_billing__invoices", (f"v{number}",), invoice_id=f"v{number}",
        customer_id=f"c{dice.randrange(FEW)}", currency=dice.choice(MONEY),
        status=dice.choice(["paid", "paid", "open", "void"]),
        issued_on=_day(dice, night, 150, 4), is_gone=_gone(dice),
    )  # fmt: skip


def _line(say: Say, dice: random.Random, night: date, number: int) -> None:
    start = _day(dice, night, 150, 20)
    end = start + timedelta(days=dice.choice([0, 29, 200]))
    say(
        "stg_billing__invoice_lines", (f"l{number}",), line_id=f"l{number}",
        invoice_id=f"v{dice.randrange(MANY)}", service_from=dice.choice([start, None]),
        amount_cents=dice.choice([-333, 1000, 9999]), service_to=end,
        is_proration=dice.choice([True, False, None]), is_gone=_gone(dice),
    )  # fmt: skip


def _note(say: Say, dice: random.Random, night: date, number: int) -> None:
    say(
        "stg_billing__credit_notes", (f"n{number}",), credit_note_id=f"n{number}",
        invoice_id=f"v{dice.randrange(MANY)}", currency=dice.choice(MONEY),
        amount_cents=dice.choice([50, 700]), issued_on=_day(dice, night, 40, 9),
        is_gone=_gone(dice),
    )  # fmt: skip


def _decision(say: Say, dice: random.Random, night: date, number: int) -> None:
    account, customer = f"a{dice.randrange(6)}", f"c{number % FEW}"
    say(
        "stg_crm__crosswalks", (account, customer), kind="customer", crm_id=account,
        other_id=customer, is_same=dice.random() < 0.7, is_gone=_gone(dice),
    )  # fmt: skip


def _day(dice: random.Random, night: date, before: int, after: int) -> date:
    return night + timedelta(days=dice.randint(-before, after))
