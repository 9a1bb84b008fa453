"""What tests share that ask the scripts beside the package: experiments, which find their own
modules in their folder.
"""

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path

EXPERIMENTS = Path(__file__).parents[1] / "experiments"


@contextmanager
def modules_of(experiment, *names):
    """Import modules of an experiment as its command does, and forget them afterwards; gives them
    in that order.
    """
    folder = str(EXPERIMENTS / experiment)
    before = set(sys.modules)
    sys.path.insert(0, folder)
    try:
        yield [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(folder):
                del sys.modules[name]
