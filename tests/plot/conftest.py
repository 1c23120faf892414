import pytest


@pytest.fixture(autouse=True)
def no_figure_stays():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield
    pyplot.close("all")
