"""Modules of a user, clean under `mypy --strict` and pyright strict: no cast, no ignore."""
