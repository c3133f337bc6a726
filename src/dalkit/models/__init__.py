"""What a row is: a base for declarative models. Every part works alone, on any mapped class."""

from .base import NAMING_CONVENTION, Base, ModelDefaults

__all__ = ["NAMING_CONVENTION", "Base", "ModelDefaults"]
