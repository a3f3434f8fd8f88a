"""What a bank is: bank tables, columns, units, keys, personal-data tags; the warehouse.

Imports nothing but errors, clock and config; no query engine. Start at `catalogue.TABLES` (the bank
tables as data), then `warehouse.Warehouse` (reading) and `writer.LoadWriter` (the one writer).
`civil.Zone` is the bank's time; `keys.Keyring` makes pseudonyms and keeps one data key a person.
"""
