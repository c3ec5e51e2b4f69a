"""The operations of the contract, in a module for each subject.

Importing this package registers all of them, so `HANDLERS` is complete when it is taken from here.
"""

from importlib import import_module
from pkgutil import iter_modules

from simulator.registry import HANDLERS

__all__ = ["HANDLERS"]

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")
