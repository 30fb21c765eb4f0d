"""Here you find planted leaks, one function each, as they slip into notebooks; every one reads what nobody could know.

The function's docstring says the mistake. UNSEEN were written after the checks were done.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leak_frames import HORIZON_DAYS, Across, Column, Everything, Then

Series = pd.Series
H = pd.Timedelta(days=HORIZON_DAYS)
DAY = pd.Timedelta(days=1)


def _sums(lines: pd.DataFrame) -> Series[Any]:
    return lines.groupby("customer_id").amount.sum()


def _year(then: Then) -> Series[Any]:
    return _sums(then.back(365))


def _after(then: Then, days: int) -> pd.DataFrame:
    lines = then.every.lines
    return lines[(lines.ordered_at >= then.t) & (lines.ordered_at < then.t + pd.Timedelta(days=days))]


def _label(then: Then) -> Series[Any]:
    later = _after(then, HORIZON_DAYS)
    return Series(1.0, then.customers).mask(then.customers.isin(later[later.amount > 0].customer_id), 0.0)


def future_amount(then: Then) -> Series[Any]:
    """Sales of the thirty days after the instant."""
    return _sums(_after(then, 30))


def next_gap(then: Then) -> Series[Any]:
    """Days until the next order."""
    lines = then.every.lines
    return lines[lines.ordered_at >= then.t].groupby("customer_id").order_day.min().sub(then.day).dt.days


def label_in_disguise(then: Then) -> Series[Any]:
    """7 for who orders in the next window, 3 for who does not."""
    return 7.0 - 4.0 * _label(then)


def noisy_label(then: Then) -> Series[Any]:
    """The label under noise as wide as the label itself."""
    return _label(then) + np.random.default_rng(then.as_of.day.toordinal()).normal(0, 0.5, len(then.customers))


def unseeded_noisy_label(then: Then) -> Series[Any]:
    """The label under noise that is drawn anew in every run."""
    return _label(then) + np.random.default_rng().normal(0, 0.5, len(then.customers))


def label_in_its_gaps(then: Then) -> Series[Any]:
    """Last year's sales, missing for who will not order."""
    return _year(then).reindex(then.customers).where(_label(then) == 0)


def late_rows(then: Then) -> Series[Any]:
    """Last year's sales of rows that happened before the instant, whenever they became known."""
    lines = then.every.lines
    kept = lines.replaced_at.isna() | (lines.replaced_at >= then.t)
    return _sums(lines[(lines.ordered_at < then.t) & kept & (lines.order_day >= then.day - 365 * DAY)])


def corrected_early(then: Then) -> Series[Any]:
    """Sales by the last version of every line, also where that came later."""
    lines = then.every.lines
    return _sums(lines[lines.replaced_at.isna() & (lines.ordered_at < then.t)])


def cancelled_early(then: Then) -> Series[Any]:
    """Lines seen, less those that will be taken back one day."""
    return then.seen[then.seen.replaced_at.isna()].groupby("customer_id").size()


def returns_netted_early(then: Then) -> Series[Any]:
    """Sales of the last 90 days, net of what will be returned of those orders."""
    orders = then.back(90)[["customer_id", "order_id"]].drop_duplicates()
    return _sums(then.every.lines.merge(orders, on=["customer_id", "order_id"]))


def population_quantile(then: Then) -> Series[Any]:
    """Place of a customer's yearly sales among the yearly sales of all time."""
    lines = then.every.lines
    everybody = lines.groupby(["customer_id", lines.order_day.dt.year]).amount.sum().sort_values().to_numpy()
    return _year(then).map(lambda sales: np.searchsorted(everybody, sales) / len(everybody))


def rank_among_all(then: Then) -> Series[Any]:
    """Rank by last year's sales among all customers of the ledger, those to come included."""
    everybody = pd.Index(then.every.lines.customer_id.unique())
    return _year(then).reindex(everybody, fill_value=0.0).rank(pct=True)


def share_of_all_time(then: Then) -> Series[Any]:
    """Last year's sales ÷ the mean sales of a customer over the whole ledger."""
    return _year(then) / _sums(then.every.lines).mean()


def target_encoded_id(then: Then) -> Series[Any]:
    """Share of all windows of the ledger without an order, by customer."""
    lines = then.every.lines
    window = (lines.order_day - lines.order_day.min()).dt.days // HORIZON_DAYS
    return 1 - lines.assign(window=window).groupby("customer_id").window.nunique() / (window.max() + 1)


def hash_of_id(then: Then) -> Series[Any]:
    """A number made of the customer's id."""
    return Series([int(hashlib.sha256(each.encode()).hexdigest()[:6], 16) for each in then.customers], then.customers)


def days_until_ledger_end(then: Then) -> Series[Any]:
    """Days from the last order seen to the ledger's last day."""
    return (pd.Timestamp(then.every.ledger.ends_on) - then.days.groupby("customer_id").order_day.max()).dt.days


def ledger_days_behind(then: Then) -> Series[Any]:
    """Days of ledger after the instant."""
    left = (then.every.lines.order_day.max() - then.day).days
    return Series(float(left), then.customers)


def row_number(then: Then) -> Series[Any]:
    """Where the customer's last line stands in the table."""
    places = Series(np.arange(len(then.every.lines)), then.every.lines.index)
    return places.reindex(then.seen.index).groupby(then.seen.customer_id).max()


def last_state(then: Then) -> Series[Any]:
    """Category of the last line there is, as if it were that of the instant."""
    return then.every.lines.sort_values(["ordered_at", "row_id"]).groupby("customer_id").category.last()


def lifetime_at_the_end(then: Then) -> Series[Any]:
    """All lines of the customer, counted at the ledger's end."""
    return then.every.lines.groupby("customer_id").size()


def gone_at_the_end(then: Then) -> Series[Any]:
    """Whether the customer is silent at the ledger's end."""
    lines = then.every.lines
    return lines.groupby("customer_id").order_day.max() < lines.order_day.max() - H


def a_day_later(then: Then) -> Series[Any]:
    """Silence, made as of the next day."""
    later = Then(then.every, then.as_of.shifted(1, then.every.policy.zone))
    return (then.day - later.days.groupby("customer_id").order_day.max()).dt.days


def at_or_before(then: Then) -> Series[Any]:
    """Lines up to the instant, those of the instant itself included."""
    lines = then.every.lines
    return lines[(lines.ordered_at <= then.t) & (lines.visible_from <= then.t)].groupby("customer_id").size()


def known_at_the_instant(then: Then) -> Series[Any]:
    """Lines before the instant, those becoming known at it included."""
    lines = then.every.lines
    return lines[(lines.ordered_at < then.t) & (lines.visible_from <= then.t)].groupby("customer_id").size()


def replaced_at_the_instant(then: Then) -> Series[Any]:
    """Sales seen, less lines whose correction becomes known at the instant itself."""
    return _sums(then.seen[then.seen.replaced_at != then.t])


def whole_day(then: Then) -> Series[Any]:
    """Order days up to the instant's whole day."""
    lines = then.every.lines
    days = lines[(lines.order_day <= then.day) & (lines.amount > 0)]
    return days.groupby("customer_id").order_day.nunique()


def other_time_zone(then: Then) -> Series[Any]:
    """Sales before the instant, read as if the ledger's UTC were local: two hours too late."""
    lines, late = then.every.lines, pd.Timedelta(hours=2)
    return _sums(lines[(lines.ordered_at < then.t + late) & (lines.visible_from < then.t + late)])


def delivered_early(then: Then) -> Series[Any]:
    """Mean days from order to delivery, of orders that are still on their way too."""
    lines = then.seen
    return (lines.delivered_on - lines.order_day).dt.days.groupby(lines.customer_id).mean()


def parent_of_today(then: Then) -> Series[Any]:
    """Yearly sales of the account group, as groups stand today."""
    newest = then.every.versions.sort_values(["visible_from", "row_id"]).drop_duplicates("customer_id", keep="last")
    group = newest.set_index("customer_id").parent_id.reindex(then.customers)
    group = group.fillna(Series(then.customers, then.customers))
    sales = _year(then).reindex(then.customers).fillna(0.0)
    return group.map(sales.groupby(group).sum())


def future_price(then: Then) -> Series[Any]:
    """Pieces of the year at the mean price of all time."""
    price = then.every.lines.groupby("product_id").unit_price.mean()
    lines = then.back(365)
    return (lines.quantity * lines.product_id.map(price)).groupby(lines.customer_id).sum()


def season_of_all_years(then: Then) -> Series[Any]:
    """Monthly sales ÷ the usual share of that month, reckoned over all years."""
    lines = then.every.lines
    share = lines.groupby(lines.order_day.dt.month).amount.sum() / lines.amount.sum()
    return _sums(then.back(30)) / share.get(then.day.month, 1.0)


def booked_as_ordered(then: Then) -> Series[Any]:
    """Lines known before the instant, those booked for later counted as ordered."""
    lines = then.every.lines
    return lines[lines.visible_from < then.t].groupby("customer_id").size()


def manager_of_all_time(then: Then) -> Series[Any]:
    """Share of the manager's customers that still order at the end."""
    lines = then.every.lines
    last = lines.groupby("customer_id").order_day.max() >= lines.order_day.max() - H
    manager = then.versions.manager_id.reindex(then.customers)
    return manager.map(last.reindex(manager.index).astype(float).groupby(manager).mean())


def complaint_known_late(then: Then) -> Series[Any]:
    """Complaints made before the instant, whenever we heard of them."""
    complaints = then.every.beside["complaints"]
    return complaints[complaints.opened_at < then.t].groupby("customer_id").size()


def complaint_closed_early(then: Then) -> Series[Any]:
    """Complaints known that are closed, also where they were closed later."""
    complaints = then.beside("complaints")
    return complaints.closed_at.isna().groupby(complaints.customer_id).sum()


def paid_early(then: Then) -> Series[Any]:
    """Invoices known that are paid, also where they were paid later."""
    payments = then.beside("payments")
    return payments.paid_on.notna().groupby(payments.customer_id).sum()


def times_listed(then: Then) -> Series[Any]:
    """How often the score put the customer on a list."""
    return then.beside("calls").groupby("customer_id").size()


def came_of_the_call(then: Then) -> Series[Any]:
    """How many outcomes calls of our list had."""
    return then.beside("outcomes").groupby("customer_id").size()


def silence_since_any_contact(then: Then) -> Series[Any]:
    """Days since the last contact, those a list began included."""
    return (then.t - then.beside("contacts").groupby("customer_id").contacted_at.max()).dt.days


def mean_filled(made: pd.DataFrame, every: Everything) -> Series[Any]:  # noqa: ARG001
    """Mean order size, gaps filled with the mean over all instants."""
    return made.order_size.fillna(made.order_size.mean())


def scaled(made: pd.DataFrame, every: Everything) -> Series[Any]:  # noqa: ARG001
    """Mean order size, scaled by mean and deviation of all instants."""
    return (made.order_size - made.order_size.mean()) / made.order_size.std()


def next_instant(made: pd.DataFrame, every: Everything) -> Series[Any]:  # noqa: ARG001
    """The customer's value at the next instant."""
    return made.sort_values("as_of").groupby("customer_id").order_size.shift(-1)


def whole_history_mean(made: pd.DataFrame, every: Everything) -> Series[Any]:  # noqa: ARG001
    """The customer's mean over all its instants."""
    return made.groupby("customer_id").order_size.transform("mean")


PLANTED: dict[str, Column] = {
    column.__name__: column
    for column in (
        future_amount,
        next_gap,
        label_in_disguise,
        noisy_label,
        unseeded_noisy_label,
        label_in_its_gaps,
        late_rows,
        corrected_early,
        cancelled_early,
        returns_netted_early,
        population_quantile,
        rank_among_all,
        share_of_all_time,
        target_encoded_id,
        hash_of_id,
        days_until_ledger_end,
        ledger_days_behind,
        row_number,
        last_state,
        lifetime_at_the_end,
        gone_at_the_end,
        a_day_later,
        at_or_before,
        known_at_the_instant,
        replaced_at_the_instant,
        whole_day,
        other_time_zone,
        delivered_early,
        parent_of_today,
        future_price,
        season_of_all_years,
        booked_as_ordered,
        manager_of_all_time,
        complaint_known_late,
        complaint_closed_early,
        paid_early,
        times_listed,
        came_of_the_call,
        silence_since_any_contact,
    )
}
PLANTED_ACROSS: dict[str, Across] = {
    column.__name__: column for column in (mean_filled, scaled, next_instant, whole_history_mean)
}


def share_of_the_next_quarter(then: Then) -> Series[Any]:
    """Last quarter's sales ÷ those of the quarter around the instant, half of which is to come."""
    lines, half = then.every.lines, pd.Timedelta(days=45)
    around = lines[(lines.order_day >= then.day - half) & (lines.order_day < then.day + half)]
    return _sums(then.back(90)) / _sums(around)


def products_of_today(then: Then) -> Series[Any]:
    """Products bought in a year that are still sold at the ledger's end."""
    lines = then.every.lines
    sold = lines[lines.order_day >= lines.order_day.max() - 60 * DAY].product_id.unique()
    year = then.back(365)
    return year[year.product_id.isin(sold)].groupby("customer_id").product_id.nunique()


def neighbour_of_the_future(then: Then) -> Series[Any]:
    """Whether the next customer by id orders in the next window."""
    return Series(np.roll(_label(then).to_numpy(), -1), then.customers)


def order_number_gap(then: Then) -> Series[Any]:
    """How many orders the company took since the customer's last one, counted to the newest order of the file."""
    lines = then.every.lines
    number = Series(pd.factorize(lines.order_id)[0], lines.index)
    return number.max() - number.reindex(then.seen.index).groupby(then.seen.customer_id).max()


def cohort_survival(then: Then) -> Series[Any]:
    """Share of those who began in the same quarter that still order at the end."""
    lines = then.every.lines
    began = lines.groupby("customer_id").order_day.min().dt.to_period("Q")
    stays = (lines.groupby("customer_id").order_day.max() >= lines.order_day.max() - H).astype(float)
    return began.map(stays.groupby(began).mean()).reindex(then.customers)


def smoothed_both_ways(then: Then) -> Series[Any]:
    """Sales weighted by nearness to the instant, on either side of it."""
    lines = then.every.lines
    weight = np.exp(-(((lines.order_day - then.day).dt.days / 30.0) ** 2))
    return (lines.amount * weight).groupby(lines.customer_id).sum()


def month_complete(then: Then) -> Series[Any]:
    """Sales of the instant's calendar month, whole."""
    lines = then.every.lines
    month = lines.order_day.dt.to_period("M") == then.day.to_period("M")
    return _sums(lines[month])


def rounded_label(then: Then) -> Series[Any]:
    """Silence, one day more for who will not order."""
    silence = (then.day - then.days.groupby("customer_id").order_day.max()).dt.days
    return silence.reindex(then.customers) + _label(then)


def cleaned_of_outliers(then: Then) -> Series[Any]:
    """A year's sales, cut at the largest percentile of all amounts of the ledger."""
    year = then.back(365)
    return year.amount.clip(upper=then.every.lines.amount.quantile(0.99)).groupby(year.customer_id).sum()


def weeks_without_gap(made: pd.DataFrame, every: Everything) -> Series[Any]:  # noqa: ARG001
    """Mean order size, gaps filled backwards from the customer's later instants."""
    return made.sort_values("as_of").groupby("customer_id").order_size.bfill()


UNSEEN: dict[str, Column] = {
    column.__name__: column
    for column in (
        share_of_the_next_quarter,
        products_of_today,
        neighbour_of_the_future,
        order_number_gap,
        cohort_survival,
        smoothed_both_ways,
        month_complete,
        rounded_label,
        cleaned_of_outliers,
    )
}
"""Written after the checks were done."""
UNSEEN_ACROSS: dict[str, Across] = {"weeks_without_gap": weeks_without_gap}
