"""The model to read, watch and subclass: customers and a brand as Mesa agents who call the rules one at a time.

A tick is `BuzzModel.step`, what a customer does in it is in `customer`, what the brand does in `brand`, who comes to
see a post in `post`. The compiled engine does the same, faster; `tests/test_twins.py` holds both to one trajectory.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings(
        "ignore", message="IProgress not found"
    )  # Mesa loads tqdm's widgets, which nobody here needs
    from buzzsim.agents.brand import Brand
    from buzzsim.agents.customer import Customer
    from buzzsim.agents.model import BuzzModel
    from buzzsim.agents.post import Notice, Post

__all__ = ["Brand", "BuzzModel", "Customer", "Notice", "Post"]
