"""The cities of the world: a walk through dalkit, first synchronous, then the same with `await`.

    make demo                         34,006 cities in a SQLite file that is gone afterwards
    make demo ALL=1                   234,908 cities
    make demo URL=postgresql://...    PostgreSQL or MariaDB

Read the modules in this order:

    models.py         what a row is: continents, countries, cities
    repositories.py   how rows are read, and the unit of work that holds the repositories together
    services.py       what the application does, written once for both tours
    tour.py           the walk
    async_tour.py     the same walk with `await`

and, when you want to know what stands behind them: dataset.py (the rows that are loaded), totals.py (what is compared
at the end), statements.py (how SQL statements are counted), report.py (the output), __main__.py (the command line).
"""
