"""Where queries run over a warehouse; the only room that imports DuckDB or Spark.

Imports bank. Start at `session.Session`: one connection with one view for each bank table, as known at a
given instant. `duck.connect` is the bare connection that sources use on extracts; `spark.spread` runs one
function for each part of a snapshot on many machines.
"""
