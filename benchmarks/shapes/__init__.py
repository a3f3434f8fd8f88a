"""Eight shapes of bank data, and how far the simulated bank's are from those of data made by others.

Start at `shapes.py` (what each shape is and how it is standardised), then `bookings.py` (the form all sets
are brought into), `readers.py` (the real sets), `made_up.py` (the simulated bank, cut to what each real set
holds), `compare.py` (the table of distances) and `picture.py` (the report).
"""
