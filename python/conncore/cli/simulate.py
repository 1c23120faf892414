"""``conncore simulate``: a connectome's own synapses as a spiking network, in many trials."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conncore.cli.options import (
    ExcitatoryShare,
    Format,
    Options,
    SplitMuscles,
    Threads,
    Transmitters,
    UnknownSigns,
    open_signed,
)

if TYPE_CHECKING:
    from conncore.connectome import Connectome
    from conncore.simulation.lif_exp import LifExp
    from conncore.simulation.result import Rate, Simulation

_INTERRUPTED = 130  # the exit status of a command that Ctrl-C ends
_CELLS = "NAME,NAME, PROPERTY=WORD,PROPERTY=WORD, match=REGEX, or file=PATH with a name per line"
_SECONDS_BETWEEN_LINES = 5.0


def simulate(
    connectome: Annotated[
        str, typer.Argument(help="A name from `conncore connectome list`, or a file.")
    ],
    activate: Annotated[
        list[str],
        typer.Option(help=f"Cells that receive Poisson input: {_CELLS}. Repeat it for several."),
    ],
    rate: Annotated[
        list[float] | None,
        typer.Option(
            help="Rate of the input, Hz: one for all, or one for each --activate. Default: 150."
        ),
    ] = None,
    input_until: Annotated[
        float | None, typer.Option(help="End of the input, s. Default: the end of the trial.")
    ] = None,
    silence: Annotated[
        str | None, typer.Option(help="Cells to silence; same forms as --activate.")
    ] = None,
    silence_mode: Annotated[
        str,
        typer.Option(
            help="outgoing (silenced cells do not send spikes) or both (they neither send nor "
            "receive spikes)."
        ),
    ] = "outgoing",
    trials: Annotated[int, typer.Option(help="Number of trials.")] = 30,
    duration: Annotated[float, typer.Option(help="Simulated time of a trial, s.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the input.")] = 0,
    dt: Annotated[float, typer.Option(help="Length of a step, ms.")] = 0.1,
    constant: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=VALUE for a constant of the neuron model: v_rest, v_th, v_reset, w_syn, "
            "w_input (mV), tau_m, tau_s, t_ref, delay (ms) or refractory (drop or keep). Repeat "
            "it for several."
        ),
    ] = None,
    stop_above: Annotated[
        float | None,
        typer.Option(help="Stop a trial if the mean rate of all cells exceeds this rate, Hz."),
    ] = None,
    read: Annotated[
        str | None, typer.Option(help="Cells of the table; same forms as --activate. Default: all.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(help="Property that the cells of a row share: name, class, or another."),
    ] = "name",
    top: Annotated[int, typer.Option(min=1, help="Number of rows to print.")] = 20,
    out: Annotated[
        Path | None, typer.Option(help="File for the spikes (.parquet): time, trial, cell.")
    ] = None,
    rates: Annotated[
        Path | None, typer.Option(help="File for all rows of the table (.csv).")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="File for a page with the rates over time (.html).")
    ] = None,
    format: Format = None,
    option: Options = None,
    split_muscles: SplitMuscles = False,
    transmitters: Transmitters = None,
    unknown_signs: UnknownSigns = "refuse",
    excitatory_share: ExcitatoryShare = None,
    threads: Threads = None,
) -> None:
    """Simulate a connectome as a spiking network and print firing rates.

    The cells are leaky integrate-and-fire neurons with the constants of Shiu et al. 2024. An edge
    has the weight of its synapse count and its sign. Ctrl-C keeps the finished trials.
    """
    from conncore.errors import visible
    from conncore.evolution.progress import say
    from conncore.simulation.simulator import Simulator

    _check_files(out, rates, page)
    circuit = open_signed(
        connectome,
        format=format,
        option=option,
        split_muscles=split_muscles,
        transmitters=transmitters,
        unknown_signs=unknown_signs,
        excitatory_share=excitatory_share,
        seed=seed,
    )
    driven = _driven(circuit, activate, rate or [150.0])
    silenced = None if silence is None else _cells(circuit, silence)
    shown = None if read is None else _cells(circuit, read)
    _check_column(circuit, by)
    simulator = Simulator(circuit, _neuron(constant or []), dt=dt)
    started = time.monotonic()
    with _progress() as progress:
        found = simulator.run(
            activate=driven,
            silence=silenced,
            silence_mode=silence_mode,
            duration=duration,
            input_until=input_until,
            trials=trials,
            seed=seed,
            stop_above=stop_above,
            n_threads=threads,
            progress=progress,
        )
    seconds = time.monotonic() - started
    rows = found.table(by, shown)
    print(visible(_summary(found, seconds)))
    _print(rows, by, top, all_rows=read is not None)
    if out is not None:
        found.to_parquet(out, out.stem)
        print(visible(f"spikes: {out}"))
    if rates is not None:
        _write_rates(rows, by, rates)
        print(visible(f"rates: {rates}"))
    if page is not None:
        from conncore.page.document import write_page
        from conncore.page.simulation import simulation_page

        write_page(simulation_page(found), page)
        print(visible(f"page: {page}"))
    for problem in found.problems:
        say(f"warning: {problem}")
    if len(found.trials) < trials:
        raise typer.Exit(_INTERRUPTED)


def _check_files(out: Path | None, rates: Path | None, page: Path | None) -> None:
    """Refuse files that could not be written, before the work is done."""
    from importlib.util import find_spec

    from conncore.errors import need

    for path, suffix in ((out, ".parquet"), (rates, ".csv"), (page, ".html")):
        if path is not None:
            need(path.suffix.lower() == suffix, f"{path}: give a file ending in {suffix}")
            need(path.parent.is_dir(), f"{path}: there is no directory {path.parent}")
    if out is not None:
        installed = find_spec("pyarrow") is not None
        need(installed, "--out needs pyarrow: pip install 'conncore[formats]'")


def _check_column(circuit: Connectome, by: str) -> None:
    from conncore.connectome.select import column

    column(circuit, by)


def _cells(circuit: Connectome, text: str) -> tuple[str, ...]:
    """The cells of a selection, or of a file with a name per line."""
    from conncore.connectome.select import choose_cells, select
    from conncore.errors import UsageError, need

    kind, _, path = text.partition("=")
    if kind != "file":
        return choose_cells(circuit, text)
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not text; give a file with a name per line") from None
    names = [line.strip() for line in lines if line.strip()]
    need(bool(names), f"{path}: names no cell; give a name per line")
    return select(circuit, names)


def _driven(circuit: Connectome, activate: list[str], rates: list[float]) -> dict[str, float]:
    """The rate of each cell with input."""
    from conncore.errors import UsageError

    if len(rates) not in (1, len(activate)):
        raise UsageError(
            f"there are {len(rates)} --rate for {len(activate)} --activate; give one for all, or "
            "one for each"
        )
    driven: dict[str, float] = {}
    for k, text in enumerate(activate):
        for name in _cells(circuit, text):
            if name in driven:
                raise UsageError(f"cell {name!r} is in --activate twice; select it once")
            driven[name] = rates[k % len(rates)]
    return driven


def _neuron(constants: list[str]) -> LifExp:
    """The neuron model with the given constants."""
    from conncore.errors import UsageError, choose
    from conncore.simulation.lif_exp import LifExp

    given: dict[str, float | str] = {}
    for text in constants:
        name, _, value = text.partition("=")
        choose("constant", name, [field.name for field in fields(LifExp)])
        try:
            given[name] = value if name == "refractory" else float(value)
        except ValueError:
            raise UsageError(f"constant {name} is {value!r}; give a number") from None
    return LifExp(**given)  # type: ignore[arg-type]


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show finished trials on stderr: a bar on a terminal, or a line every few seconds."""
    import sys

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from conncore.evolution.progress import say

    console = Console(file=sys.stderr)
    last = time.monotonic()
    if console.is_terminal:
        columns = ("trials", MofNCompleteColumn(), BarColumn(bar_width=24), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("trials", total=None)
            yield lambda n_done, n_trials: bar.update(task, completed=n_done, total=n_trials)
        return

    def report(n_done: int, n_trials: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{n_done} of {n_trials} trials")

    yield report


def _summary(found: Simulation, seconds: float) -> str:
    n_trials, n_spikes = len(found.trials), found.cell.size
    simulated = float(found.seconds.sum())
    return (
        f"{found.connectome.name}: {n_trials} trial{'s' * (n_trials != 1)}, {simulated:g} s "
        f"simulated in {seconds:.2g} s, {n_spikes:,} spikes, "
        f"{n_spikes / simulated / found.connectome.n_cells:.3g} Hz on average"
    )


def _print(rows: list[Rate], by: str, top: int, all_rows: bool) -> None:
    from rich.table import Column, Table

    from conncore.report.console import wide_console

    active = rows if all_rows else [row for row in rows if row.mean > 0]
    numbers = [Column(name, justify="right") for name in ("cells", "rate (Hz)", "sd over trials")]
    table = Table(by, *numbers, box=None)
    for row in active[:top]:
        table.add_row(row.group, f"{row.n_cells:,}", f"{row.mean:.4g}", f"{row.sd:.3g}")
    console = wide_console()
    if active:
        console.print(table)
    more = len(active) - top
    if more > 0:
        console.print(f"and {more:,} more; --top shows more rows, --rates writes all")
    elif not active:
        console.print("no cell spikes")


def _write_rates(rows: list[Rate], by: str, path: Path) -> None:
    from conncore.storage import disk_errors, write_atomically

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([by, "n_cells", "rate_hz", "sd_hz"])
    writer.writerows(rows)
    with disk_errors(path, "give another path"):
        write_atomically(path, text.getvalue().encode())
