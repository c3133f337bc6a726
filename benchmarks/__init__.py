"""How fast dalkit is, beside the same work done by others.

    python -m benchmarks --pin

measures every workload on every target, writes the results, a table and a plot, and puts the numbers into
docs/explanation/benchmarks.md. `python -m benchmarks --help` tells what can be chosen.

    workloads       what is done, with which arguments, and what a right answer is
    contestants     who does it: dalkit, SQLAlchemy by hand, Advanced Alchemy, the driver itself; sync and async
    targets         where: a driver and its database
    timing          samples of all contestants, interleaved; round_trips and import_time count and time the rest
    goals           what dalkit is to reach
    results         what came out, as JSON; page and plot make it readable
"""
