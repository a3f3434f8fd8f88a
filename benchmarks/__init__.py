"""The figures of bankmine, each measured beside its reference in one run; `make bench ROW=T9`."""
