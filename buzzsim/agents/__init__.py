"""The model to read, watch and subclass: customers and a brand are Mesa agents who call the rules.

A tick is `BuzzModel.step`. What customers do in it, and who sees a post, is in `crowd`; what the
brand does, in `brand`. The compiled engine does the same, faster; `tests/test_twins.py` holds both
to one trajectory.
"""

import warnings

with warnings.catch_warnings():
    # Mesa loads tqdm's widgets, which nobody needs here.
    warnings.filterwarnings("ignore", message="IProgress not found")
    from buzzsim.agents.brand import Brand
    from buzzsim.agents.crowd import Customer, Notice, Post
    from buzzsim.agents.model import BuzzModel

__all__ = ["Brand", "BuzzModel", "Customer", "Notice", "Post"]
