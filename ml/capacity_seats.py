"""The seats of a capacity simulation: today's roster and the planned hires."""

from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from ml.attrition import AttritionEstimator, last_rows, on_the_books
from ml.panel import Floats, Ints, RepPanel, check_columns, month_number, refuse_where
from ml.ramp import RampEstimator

HIRE_COLUMNS: dict[str, pl.DataType] = {
    "segment_id": pl.String(),
    "role": pl.String(),
    "month_start": pl.Date(),
    "hires_count": pl.Int64(),
}
NEVER = 10_000  # a month beyond every horizon
USUAL_LEAVE = 0.02  # months on the books not worked, before a panel says otherwise
USUAL_MONTHS = 12.0  # rep-months it weighs


@dataclass(frozen=True, slots=True)
class Seats:
    """Everyone who will sit or may sit in the simulation, sorted by group."""

    group: Ints  # (s,) place among the fitted groups
    label: Ints  # (s,) place among the reported groups
    tenure: Floats  # (s,) months at the middle of the first simulated month
    shape: Floats  # (s,) gamma posterior of talent
    rate: Floats
    attained: Floats  # (s,) log trailing attainment
    record: Floats  # (s,) months worked behind it
    starts: Ints  # (s,) month of start, < 0 for people already there
    ends: Ints  # (s,) month of a departure already known, NEVER otherwise
    rep: Ints  # (s,) place among the panel's reps, -1 for a planned hire


def leave_seen(panel: RepPanel) -> float:
    """Return the share of whole months on the books that was not worked, 0 to 1.

    First months of hires and last months of leavers are no whole months; rows before
    the first and after the last month worked are no months on the books. A panel that
    records no leave has none to add: its bookings are short of it already.
    """
    place = np.arange(len(panel.rep))
    worked = panel.exposure > 0
    first = np.full(len(panel.rep_ids), len(place))
    last = np.full(len(panel.rep_ids), -1)
    np.minimum.at(first, panel.rep[worked], place[worked])
    np.maximum.at(last, panel.rep[worked], place[worked])
    begin = (first + panel.is_hired_inside)[panel.rep]
    end = (last - panel.is_leaver)[panel.rep]
    whole = (begin <= place) & (place <= end)
    lost = float((1.0 - panel.exposure[whole]).sum()) + USUAL_LEAVE * USUAL_MONTHS
    return lost / (float(whole.sum()) + USUAL_MONTHS)


def _nearest_group(
    groups: list[tuple[str, str]], reps: Ints, wanted: tuple[str, str]
) -> int:
    """Return the fitted group that stands in for `wanted`: segment, role, biggest."""

    def rank(g: int) -> tuple[bool, bool, int, int]:
        segment, role = groups[g]
        return (segment == wanted[0], role == wanted[1], int(reps[g]), -g)

    return max(range(len(groups)), key=rank)


def seat_everyone(
    ramp: RampEstimator, attrition: AttritionEstimator, hires: pl.DataFrame | None
) -> tuple[Seats, list[tuple[str, str]], list[bool]]:
    """Put the roster and the planned hires on one list of seats."""
    panel, fit = ramp.panel_, ramp.fit_
    names = np.flatnonzero(on_the_books(panel))
    last = last_rows(panel)[names]
    final = panel.month.max()
    ends = np.full(len(last), NEVER)
    notice = panel.frame["left_on"][last.tolist()]
    known = notice.is_not_null().to_numpy()
    if known.any():
        ends[known] = month_number(notice.drop_nulls()) - int(panel.months[-1]) - 1
    group = [panel.groups[g] for g in panel.group[last]]
    new: list[tuple[tuple[str, str], int]] = []
    if hires is not None and hires.height:
        rows = check_columns(hires, HIRE_COLUMNS, "the hiring plan")
        refuse_where(
            rows,
            pl.any_horizontal(pl.all().is_null()) | (pl.col("hires_count") < 0),
            "a hire is incomplete or negative",
            "give segment_id, role, month_start and a count of 0 or more",
        )
        starts = month_number(rows["month_start"]) - int(panel.months[-1]) - 1
        for (s, r, _, count), at in zip(rows.iter_rows(), starts, strict=True):
            new += [((str(s), str(r)), max(int(at), 0))] * int(count)
    labels = sorted(set(group) | {g for g, _ in new} | set(panel.groups))
    reps = np.bincount(fit.pair_group, minlength=len(panel.groups))
    place = {
        g: panel.groups.index(g) if g in panel.groups
        else _nearest_group(panel.groups, reps, g)
        for g in labels
    }  # fmt: skip
    everyone = group + [g for g, _ in new]
    a, k = fit.talent_precision, len(new)
    label = np.array([labels.index(g) for g in everyone], dtype=np.intp)
    starts_all = np.array([-1] * len(last) + [at for _, at in new], dtype=np.intp)
    order = np.lexsort((np.arange(len(label)), starts_all, label))
    seats = Seats(
        group=np.array([place[g] for g in everyone], dtype=np.intp)[order],
        label=label[order],
        tenure=np.append(
            panel.tenure[last] + (final - panel.month[last]) + 1.0, np.full(k, 0.5)
        )[order],
        shape=np.append(fit.rep_shape[names], np.full(k, a))[order],
        rate=np.append(fit.rep_rate[names], np.full(k, a))[order],
        attained=np.append(attrition.attainment_[names], np.zeros(k))[order],
        record=np.append(attrition.record_[names], np.zeros(k))[order],
        starts=starts_all[order],
        ends=np.append(ends, np.full(k, NEVER))[order].astype(np.intp),
        rep=np.append(names, np.full(k, -1))[order].astype(np.intp),
    )
    return seats, labels, [g not in panel.groups for g in labels]


def relabelled(seats: Seats, label: Ints) -> Seats:
    """Return the seats under other labels, sorted by them; -1 leaves a seat out."""
    order = np.lexsort((np.arange(len(label)), label))
    order = order[label[order] >= 0]
    columns = {field.name: getattr(seats, field.name)[order] for field in fields(seats)}
    return Seats(**columns | {"label": label[order]})
