"""What a user's module must, and must not, look like to mypy and pyright: checked by tests/test_typing.py."""
