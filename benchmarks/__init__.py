"""Benchmarks: ratios within one run, against a bound or a peer. `make bench` runs them all."""
