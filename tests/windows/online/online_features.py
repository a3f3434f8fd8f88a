"""Features of every aggregate, with levels, delays, verdicts, outcomes, shares, trends and ratios."""

from __future__ import annotations

from bankmine.windows import events, ratio, windows

MONEY = ["sum", "mean", "variance", "std", "min", "max", "first", "last"]
TIMES = ["count", "recency", "days_since_first", "seconds_since_last", "gap_mean", "gap_std", "active_days"]
BY = ["sum", "max", "share", "distinct", "active_days", "gap_std", "last"]

spent = events("transaction").where(direction="out").measure("base_minor").distinct("merchant_id")
moved = events("transaction").measure("base_minor")
few = events("transaction").measure("balance_after_minor").at_least(base_minor=3).below(base_minor=10**9)
CUSTOMERS = (
    *windows(spent, over=["24h", "1d", "1mo", "2mo", "45min", "all"], aggregate=[*MONEY, *TIMES, "distinct"]),
    *windows(
        moved.distinct("merchant_id"),
        over=["1mo", "30d"],
        aggregate=BY,
        by="category",
        levels=["food", "rent"],
    ),
    *windows(moved, over=["3mo"], aggregate=["trend"], by="category", levels=["food"]),
    *windows(events("transaction"), over=["2mo"], aggregate=["trend"]),
    *windows(few, over=["12mo"], aggregate=[*MONEY, "count"], name="bounded"),
    *windows(moved.distinct("category"), over=["30d"], aggregate=["mean", "distinct"], delay="7d"),
    *windows(events("transaction").lacking("merchant_id"), over=["1mo"], aggregate=["count"]),
    *windows(events("transaction").having("merchant_id").valid("all"), over=["all"], aggregate=["count"]),
)
CUSTOMERS += (ratio(CUSTOMERS[0], CUSTOMERS[5]),)

risk = events("transaction", key="terminal_id").verdict("fraud")
TERMINALS = (
    *windows(risk, over=["1d", "30d"], aggregate=["mean", "sum", "max", "count", "gap_std"], delay="7d"),
    *windows(risk, over=["all"], aggregate=["mean", "last", "std", "active_days"]),
)
of_accounts = events("transaction", key="account_id").measure("base_minor").distinct("customer_id")
ACCOUNTS = windows(of_accounts, over=["1h", "7d"], aggregate=["sum", "max", "min", "distinct"])

applied = events("credit_application")
OUTCOMES = (
    *windows(applied.measure("bad"), over=["1mo", "all"], aggregate=["mean", "count", "last"], name="bad"),
    *windows(applied.where(bad=True), over=["all"], aggregate=["count", "recency"]),
    *windows(applied.measure("amount_minor"), over=["2mo", "all"], aggregate=["sum", "share"], by="decision"),
    *windows(applied.where(decision="approved").measure("bad"), over=["all"], aggregate=["sum", "gap_mean"]),
    *windows(applied.having("decision"), over=["1mo"], aggregate=["count"]),
)
