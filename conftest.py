"""What every test shares: figures are drawn without a screen, and examples write into a folder of
their own.
"""

import matplotlib as mpl
import pytest

mpl.use("agg")


@pytest.fixture(autouse=True)
def _examples_write_elsewhere(request, monkeypatch):
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))


@pytest.fixture(autouse=True)
def _figures_are_closed():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def pytest_make_parametrize_id(val, argname):
    """Name a case by what each number means, for reports and for the validation page."""
    if isinstance(val, (int, float)) and not isinstance(val, bool):
        return f"{argname.replace('_', ' ')} {val:.4g}"
    return None
