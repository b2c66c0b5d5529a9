"""Hold a policy against what the last night knows: products and accounts it names."""

from collections.abc import Iterator

from data_contracts.errors import PolicyError
from data_contracts.places import PlaceStep
from data_contracts.policy import CompanyPolicy, line_in
from pipelines.serving.reading import ask, has_copy
from pipelines.settings import Settings

MOST_NAMED = 8
_PRODUCTS = "select product_id from core.dim_product order by product_id"
_ACCOUNTS = """
select account_id from core.dim_account
where account_id in (select unnest(?)) order by account_id
"""
_INDUSTRIES = """
select distinct industry from core.dim_account
where industry is not null order by industry
"""


def refuse_unknown_names(settings: Settings, policy: CompanyPolicy) -> None:
    """Refuse a policy that names what the last night does not know.

    Without a night, or without a name to look up, nothing is asked.

    Raises
    ------
    PolicyError
        If a product, account or industry is unknown; each is named with its line.
    """
    if not has_copy(settings):
        return
    faults = [*_products(settings, policy), *_accounts(settings, policy)]
    faults += _industries(settings, policy)
    if not faults:
        return
    file = settings.policy_file
    told = [
        f"line {line_in(file, place)}: {'.'.join(map(str, place))}: {what}"
        for place, what in faults
    ]
    raise PolicyError(
        f"policy {file} names {len(faults)} thing(s) that the last night does not "
        "know:\n  " + "\n  ".join(told),
        fix=f"mend these lines of {file.name}, or refresh the night that brings them: "
        "aop refresh",
    )


Faults = Iterator[tuple[tuple[PlaceStep, ...], str]]


def _products(settings: Settings, policy: CompanyPolicy) -> Faults:
    asked = policy.targets.products
    if not asked:
        return
    known = [row["product_id"] for row in ask(settings, _PRODUCTS)]
    launched = {launch.product_id for launch in policy.launches}
    for place, one in enumerate(asked):
        if one.product_id not in launched.union(known):
            listed = ", ".join(known[:MOST_NAMED]) or "none"
            yield (
                ("targets", "products", place, "product_id"),
                f"no product {one.product_id!r}; there is {listed}",
            )


def _accounts(settings: Settings, policy: CompanyPolicy) -> Faults:
    rules = policy.territories
    named: list[tuple[tuple[PlaceStep, ...], str]] = [
        *(
            (("territories", "locked_accounts", place), account)
            for place, account in enumerate(rules.locked_accounts)
        ),
        *(
            (("territories", "named_accounts", account), account)
            for account in rules.named_accounts
        ),
        *(
            (("coverage", "overrides", account), account)
            for account in policy.coverage.overrides
        ),
    ]
    if not named:
        return
    rows = ask(settings, _ACCOUNTS, [sorted({account for _, account in named})])
    known = {row["account_id"] for row in rows}
    for place, account in named:
        if account not in known:
            yield place, f"no account {account!r}"


def _industries(settings: Settings, policy: CompanyPolicy) -> Faults:
    ideal = policy.coverage.ideal_customer
    if ideal is None or not ideal.industries:
        return
    known = [row["industry"] for row in ask(settings, _INDUSTRIES)]
    for place, industry in enumerate(ideal.industries):
        if industry not in known:
            listed = ", ".join(known[:MOST_NAMED]) or "none"
            yield (
                ("coverage", "ideal_customer", "industries", place),
                f"no account is in industry {industry!r}; there is {listed}",
            )
