"""Where queries run over a warehouse; the only room that imports DuckDB (and, later, Spark).

Imports bank. Start at `session.Session`: one connection with one view for each bank table, as known at a
given instant. `duck.connect` is the bare connection that sources use on extracts.
"""
