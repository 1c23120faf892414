"""``conncore export``, ``film``, ``report`` and ``watch``: what is made of a run's solution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conncore.cli.options import ShownStart, Trust, find_local_modules
from conncore.errors import visible

Finished = Annotated[Path, typer.Argument(metavar="DIR", help="A finished run directory.")]


def export(
    directory: Finished,
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write: .nir or .pt (PyTorch).")
    ],
    trust: Trust = False,
) -> None:
    """Write the network of a run, with its solution, as a NIR graph or a PyTorch module."""
    from conncore.export import export_run

    if trust:
        find_local_modules()
    network = export_run(directory, out, trust=trust)
    typer.echo(
        f"{visible(str(out))}: {network.connectome.n_cells} {network.neuron} neurons, "
        f"{network.connectome.n_edges} edges"
    )


def film(
    directory: Finished,
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="A file .mp4 or .gif, or a new directory for PNG files."
        ),
    ],
    start: Annotated[float, typer.Option(help="Begin at this time of the episode, in s.")] = 0.0,
    seconds: Annotated[
        float | None, typer.Option(help="Length of the film, in s. Default: the whole episode.")
    ] = None,
    seed: ShownStart = None,
    trust: Trust = False,
) -> None:
    """Write a film of a run's solution: its body, and the activity of all its cells."""
    from conncore.evolution.restore import load_run
    from conncore.plot.film import film as write_film
    from conncore.recording.record import record

    episode = record(load_run(directory, trust=trust), seed=seed)
    n_pictures = write_film(episode, out, start=start, seconds=seconds)
    typer.echo(f"{visible(str(out))}: {n_pictures} pictures, score {episode.fitness:.4g}")


def report(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="The directory of a finished run, a comparison or a multiverse."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: report.html in DIR.")
    ] = None,
    seed: ShownStart = None,
    trust: Trust = False,
) -> None:
    """Write one HTML page of a run: its body, activity, wiring, scores and settings.

    The page of a comparison has the circuit and its null models side by side, with all tests; that
    of a multiverse has a specification curve for each claim. The page needs no network.
    """
    from conncore.page.document import page_of, write_page

    if (directory / "compare.json").exists():
        from conncore.experiments.comparison import load_comparison
        from conncore.page.comparison import comparison_page

        page = comparison_page(load_comparison(directory), seed, trust)
    elif (directory / "multiverse.json").exists():
        from conncore.page.multiverse import multiverse_page

        page = multiverse_page(directory)
    else:
        from conncore.evolution.restore import load_run
        from conncore.page.pictures import record_shown

        run = load_run(directory, trust=trust)
        page = page_of(run, *record_shown(run, seed=seed))
    out = directory / "report.html" if out is None else out
    size = write_page(page, out)
    typer.echo(f"{visible(str(out))}: {size / 1e6:.2f} MB; open it in a browser")


def watch(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A run directory; the run may be running.")
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page. Default: any free port.")
    ] = 0,
    seed: ShownStart = None,
    trust: Trust = False,
) -> None:
    """Show the page of a run in a browser, and follow the run while it is running.

    The page is served at 127.0.0.1, to browsers of this machine. Ctrl-C ends the server; the run
    does not notice it.
    """
    from conncore.page.live import LiveRun
    from conncore.page.server import serve

    run = LiveRun(directory, seed, trust)
    serve(run, port, lambda url: typer.echo(f"open {url} in a browser; Ctrl-C ends the server"))
