"""Four tables, mapped twice: as plain SQLAlchemy maps them, and on dalkit's base."""
