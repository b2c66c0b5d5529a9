"""A contract as SQL: from delivered text to typed columns and the first broken rule.

Gives DuckDB expressions; runs nothing.
"""

from dataclasses import dataclass

from data_contracts.contract import Column, ColumnType, ExtractContract, Severity
from pipelines.ingestion.mapping import ColumnRecipe, Plain

FIRST_DAY, AFTER_LAST_DAY = "1900-01-01", "2200-01-01"  # outside: a mistake
ROW_SHAPE = "row shape"
DUPLICATE_KEY = "duplicate key"
SHAPELESS, STOOD_IN = -1, -2  # faults of no rule: not taken apart, a stand-in
_WHOLE = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
_THOUSANDTHS = "bhd jod kwd omr tnd"
MACROS = f"""
    create macro is_yes(word) as lower(trim(word)) in ('true', 't', 'yes', 'y', '1');
    create macro from_minor(amount, currency) as coalesce(cast(
        try_cast(amount as decimal(18, 4)) * cast(
            case when lower(currency) in {(*_WHOLE.split(),)} then 1
            when lower(currency) in {(*_THOUSANDTHS.split(),)} then 0.001
            else 0.01 end as decimal(4, 3)) as varchar), amount);
    create macro from_epoch(seconds) as coalesce(cast(try(
        make_timestamp(try_cast(seconds as bigint) * 1000000)) as varchar), seconds);
    create macro last_day(until, since) as case
        when try_cast(until as timestamp) is null then until
        else cast(cast(greatest(try_cast(until as timestamp) - to_microseconds(1),
            try_cast(since as timestamp)) as date) as varchar) end;
    create macro billed_every(every, units) as case
        when every = 'month' and coalesce(units, '1') = '1' then 'month'
        when every in ('month', 'week', 'day', 'year') then 'year' else every end;
    create macro a_billing(amount, every, units) as case
        when every is null or (every = 'month' and coalesce(units, '1') = '1')
            then amount
        else coalesce(cast(try_cast(amount as decimal(18, 4)) * case every
            when 'month' then 12 when 'week' then 52 when 'day' then 365 else 1 end
            / try_cast(coalesce(units, '1') as integer) as varchar), amount) end;
"""
"""What mappings may call beside DuckDB's own functions; all take and give text.

``from_minor(amount, currency)``: smallest units as currency units, whole for the yen.
``from_epoch(seconds)``: a moment. ``last_day(until, since)``: the last day of a period
that ends with the first moment no longer in it. ``billed_every(every, units)`` and
``a_billing(amount, every, units)``: month or year, and the price at that beat.
``is_yes(word)``: whether a flag is set. What cannot be read stays as it was.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way a row can break its contract; ``column`` is empty for row rules."""

    rule: str
    column: str
    breaks: str  # SQL over typed columns and their texts: true where a row breaks it


def name(identifier: str) -> str:
    """Quote a SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Quote a SQL string."""
    return "'" + value.replace("'", "''") + "'"


def text_of(column: str) -> str:
    """Name the column that holds a canonical column's delivered text."""
    return name(f"_text_{column}")


def filled(expression: str, nulls: tuple[str, ...] = ()) -> str:
    """Return SQL that is null where a text is blank or a word for nothing."""
    # only what sorts before '!' can be blank: so few values are worth trimming
    is_nothing = f"({expression} < '!' and trim({expression}) = '')"
    if nulls:
        words = ", ".join(literal(word) for word in nulls)
        is_nothing += f" or trim({expression}) in ({words})"
    return f"case when {is_nothing} then null else {expression} end"


def recipe_text(
    recipe: ColumnRecipe, sources: dict[str, str], nulls: tuple[str, ...]
) -> str:
    """Return SQL for the text of one mapped column.

    Text that a step does not understand is left as it is, so that the cast refuses the
    row and shows the value; nothing turns into null silently.

    Parameters
    ----------
    recipe : ColumnRecipe
    sources : dict of header to SQL
        The expression that reads each header of the file as text.
    nulls : tuple of str
        Words that mean nothing, such as ``#N/A``.
    """
    if recipe.constant is not None:
        return literal(_plain(recipe.constant))
    if recipe.sql is not None:
        text = filled(f"cast(({recipe.sql}) as varchar)", nulls)
    else:
        read = [filled(sources[header], nulls) for header in recipe.headers]
        text = read[0] if len(read) == 1 else f"coalesce({', '.join(read)})"
    for mark in recipe.strip:
        text = f"replace({text}, {literal(mark)}, '')"
    if recipe.decimal == ",":
        text = f"replace(replace({text}, '.', ''), ',', '.')"
    if recipe.values:
        cases = " ".join(
            f"when {literal(word)} then "
            + ("null" if value is None else literal(_plain(value)))
            for word, value in recipe.values.items()
        )
        text = f"case {text} {cases} else {text} end"
    return _converted(text, recipe)


def _converted(text: str, recipe: ColumnRecipe) -> str:
    if recipe.format is not None:
        parsed = f"cast(try_strptime({text}, {literal(recipe.format)}) as varchar)"
        text = f"coalesce({parsed}, {text})"
    if recipe.timezone is not None:
        zone = literal(recipe.timezone)
        has_zone = rf"regexp_matches({text}, '(Z|[+-]\d\d(:?\d\d)?)$')"
        local = f"try_cast({text} as timestamp)"
        utc = f"cast(timezone('UTC', timezone({zone}, {local})) as varchar)"
        text = f"case when {has_zone} then {text} else coalesce({utc}, {text}) end"
    if recipe.unit == "minor":
        major = f"try_cast({text} as decimal(18,2)) * cast(0.01 as decimal(3,2))"
        text = f"coalesce(cast({major} as varchar), {text})"
    elif recipe.unit in ("share", "percent"):
        scaled = (
            f"try_cast({text} as double) {'*' if recipe.unit == 'share' else '/'} 100"
        )
        text = f"coalesce(cast({scaled} as varchar), {text})"
    elif recipe.unit is not None:
        scale = 1_000_000 if recipe.unit == "epoch_seconds" else 1_000
        moment = f"try(make_timestamp(try_cast({text} as bigint) * {scale}))"
        text = f"coalesce(cast({moment} as varchar), {text})"
    return text


def _plain(value: Plain) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def cast(column: Column, text: str) -> str:
    """Return SQL that reads a text as the column's type, null where it cannot be.

    A value that only looks like the type, such as the year 20, is left to the faults.
    """
    match column.type:
        case ColumnType.STRING:
            return text
        case ColumnType.BOOLEAN:
            bare = f"try_cast(trim({text}) as boolean)"
            return f"coalesce(try_cast({text} as boolean), {bare})"
        case ColumnType.TIMESTAMP:
            # a cast to timestamp drops an offset; the slower timestamptz heeds it
            return (
                f"case when contains({text}, '+') or contains(substr({text}, 11), '-') "
                f"then cast(try_cast({text} as timestamptz) as timestamp) "
                f"else try_cast({text} as timestamp) end"
            )
        case kind:
            return f"try_cast({text} as {kind.physical})"


def _misread(column: Column) -> str:
    """Return SQL that is true where a text is not of its column's type."""
    value, text = name(column.name), text_of(column.name)
    breaks = f"({value} is null and {text} is not null)"
    match column.type:
        case ColumnType.DOUBLE:
            return f"{breaks} or not isfinite({value})"
        case ColumnType.INTEGER:
            # DuckDB would round '12.7' to 13; only whole numbers are integers
            return f"{breaks} or {value} <> try_cast({text} as double)"
        case ColumnType.DATE | ColumnType.TIMESTAMP:
            # 'epoch' and 'infinity' are dates to DuckDB, years 20 and 9999 too
            return (
                f"{breaks} or {value} < date '{FIRST_DAY}' "
                f"or {value} >= date '{AFTER_LAST_DAY}' or {text} = 'epoch'"
            )
        case _:
            return breaks


def faults(contract: ExtractContract) -> list[Fault]:
    """List every way a row can break the contract, in the order they are told."""
    found: list[Fault] = []
    for column in contract.columns:
        value = name(column.name)
        if column.required:
            breaks = f"{text_of(column.name)} is null"
            found.append(Fault("required", column.name, breaks))
        if column.type is not ColumnType.STRING:
            found.append(Fault(f"type {column.type}", column.name, _misread(column)))
        found += _value_faults(column, value)
    found += [
        Fault(rule.name, "", f"not ({rule.implementation})")
        for rule in contract.row_rules
        if rule.severity is Severity.ERROR
    ]
    return found


def _value_faults(column: Column, value: str) -> list[Fault]:
    found = []
    options = column.logical_type_options
    is_moment = column.type in (ColumnType.DATE, ColumnType.TIMESTAMP)
    for word, sign, bound in (
        ("minimum", "<", options.minimum),
        ("maximum", ">", options.maximum),
    ):
        if bound is not None:
            limit = literal(str(bound)) if is_moment else f"{bound:g}"
            breaks = f"{value} {sign} {limit}"
            found.append(Fault(f"{word} {limit}", column.name, breaks))
    if options.pattern is not None:
        breaks = f"not regexp_matches({value}, {literal(options.pattern)})"
        found.append(Fault(f"pattern {options.pattern}", column.name, breaks))
    if options.max_length is not None:
        breaks = f"length({value}) > {options.max_length}"
        found.append(Fault(f"length {options.max_length}", column.name, breaks))
    if column.allowed:
        words = ", ".join(literal(word) for word in column.allowed)
        rule = f"one of {', '.join(column.allowed)}"
        found.append(Fault(rule, column.name, f"{value} not in ({words})"))
    return found


def staging_query(
    contract: ExtractContract,
    source: str,
    texts: dict[str, str],
    *,
    shape: tuple[str, int] | None = None,
    extra: tuple[str, str] | None = None,
) -> str:
    """Return SQL for one pass over a source: typed columns and the first fault.

    Parameters
    ----------
    contract : ExtractContract
    source : str
        SQL of the relation read.
    texts : dict of canonical column to SQL
        The expression for each column's text over the relation; a column left out is
        null.
    shape : (SQL, fault), optional
        True over ``_row`` where it could not be taken apart at all, and how that is
        told: ``SHAPELESS`` or ``STOOD_IN``.
    extra : (name, SQL), optional
        One more column to carry along, over the relation.

    Returns
    -------
    str
        A query giving the contract's columns, then ``_fault`` (place in `faults`, the
        shape's, null where the row is good), ``_value`` (the text that broke it),
        ``_source`` (the whole delivered row as JSON where it is bad) and the extra.
    """
    columns = contract.columns
    every = faults(contract)
    texted = ", ".join(
        f"{texts.get(one.name, 'cast(null as varchar)')} as {text_of(one.name)}"
        for one in columns
    )
    typed = ", ".join(f"{cast(c, text_of(c.name))} as {name(c.name)}" for c in columns)
    whens = "" if shape is None else f"when {shape[0]} then {shape[1]} "
    whens += " ".join(f"when {one.breaks} then {at}" for at, one in enumerate(every))
    values = " ".join(
        f"when {at} then {text_of(one.column)}"
        for at, one in enumerate(every)
        if one.column
    )
    kept = ", ".join(name(one.name) for one in columns)
    carried = "" if extra is None else f", {extra[0]}"
    made = "" if extra is None else f", {extra[1]} as {extra[0]}"
    return f"""
        from (from (from (from {source} as _delivered
            select {texted}, _delivered as _row{made})
            select *, {typed})
            select *, cast(case {whens} end as smallint) as _fault)
        select {kept}, _fault, case _fault {values} end as _value,
            case when _fault is not null then cast(to_json(_row) as varchar) end
                as _source{carried}
    """
