"""Public benchmarks: the tutor's parts on sets that others published, each beside a floor.

One module a set; `command` is the command line. Nothing is bundled: a set is read from the path
that the user gives.
"""
