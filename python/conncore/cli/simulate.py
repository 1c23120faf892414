"""``conncore simulate``: a connectome's own synapses as a spiking network, in many trials."""

from __future__ import annotations

import time
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    from conncore.screens.rate_nulls import RateComparison
    from conncore.screens.screen import Screen
    from conncore.simulation.lif_exp import LifExp
    from conncore.simulation.simulator import Simulator

_INTERRUPTED = 130  # the exit status of a command that Ctrl-C ends
_CELLS = "NAME,NAME, PROPERTY=WORD,PROPERTY=WORD, match=REGEX, or file=PATH with a name per line"
_MORE = "; --top shows more rows, --rates writes all"
_MOST_PROBLEMS = 5  # lines about the simulations of a comparison


def simulate(
    connectome: Annotated[
        str, typer.Argument(help="A name from `conncore connectome list`, or a file.")
    ],
    activate: Annotated[
        list[str] | None,
        typer.Option(help=f"Cells that receive Poisson input: {_CELLS}. Repeat it for several."),
    ] = None,
    rate: Annotated[
        list[float] | None,
        typer.Option(
            help="Rate of the input, Hz: one for all, or one for each --activate. Default: 150."
        ),
    ] = None,
    input_until: Annotated[
        float | None, typer.Option(help="End of the input, s. Default: the end of the trial.")
    ] = None,
    input_spikes: Annotated[
        Path | None,
        typer.Option(
            help="File of input spikes, the same in all trials: .csv with columns cell and time "
            "(s), or .parquet as --out writes it."
        ),
    ] = None,
    current: Annotated[
        list[str] | None,
        typer.Option(
            help="CELLS:MV, a constant input of so many mV; same forms as --activate. Repeat it "
            "for several."
        ),
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
    nulls: Annotated[
        str | None,
        typer.Option(
            help="Compare the rates of --read with null models of the connectome: {nulls}. Give "
            "names with commas between them."
        ),
    ] = None,
    null_seeds: Annotated[int, typer.Option(help="Number of graphs of each null model.")] = 20,
    screen: Annotated[
        str | None,
        typer.Option(
            help="silence=PROPERTY or activate=PROPERTY, such as silence=type: treat the cells of "
            "each word of the property in turn, and rank the words by their effect on the rates of "
            "--read."
        ),
    ] = None,
    among: Annotated[
        str | None,
        typer.Option(help="Cells to --screen; same forms as --activate. Default: all."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="File for what --nulls or --screen has finished (.jsonl). The same command "
            "resumes from it."
        ),
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
    from conncore.errors import UsageError, visible
    from conncore.evolution.progress import counted, say
    from conncore.report.console import wide_console
    from conncore.screens import report
    from conncore.simulation.simulator import Simulator
    from conncore.simulation.spike_files import read_input_spikes

    _check_files(out, rates, page, keep)
    _check_comparison(nulls, screen, among, keep, read, out or page)
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
    driven = _driven(circuit, activate or [], rate or [150.0])
    options: dict[str, Any] = {
        "activate": driven or None,
        "input_spikes": None if input_spikes is None else read_input_spikes(input_spikes),
        "current": _currents(circuit, current or []) or None,
        "silence": None if silence is None else _cells(circuit, silence),
        "silence_mode": silence_mode,
        "duration": duration,
        "input_until": input_until,
        "trials": trials,
        "seed": seed,
        "stop_above": stop_above,
        "n_threads": threads,
    }
    driving = [options[name] for name in ("activate", "input_spikes", "current")]
    if all(drive is None for drive in driving) and not (screen or "").startswith("activate="):
        raise UsageError("nothing drives a cell; give --activate, --input-spikes or --current")
    shown = None if read is None else _cells(circuit, read)
    _check_column(circuit, by)
    simulator = Simulator(circuit, _neuron(constant or []), dt=dt)
    if shown is not None and (nulls is not None or screen is not None):
        if nulls is not None:
            options |= {"nulls": nulls.split(","), "null_seeds": null_seeds}
        else:
            assert screen is not None
            action, _, types = screen.partition("=")
            cells = None if among is None else _cells(circuit, among)
            options |= {"action": action, "types": types, "among": cells}
            options |= {"rate": (rate or [150.0])[0]}
        _compare(simulator, shown, by, top, rates, keep, options)
        return
    started = time.monotonic()
    with counted("trials") as progress:
        found = simulator.run(**options, progress=progress)
    seconds = time.monotonic() - started
    rows = found.table(by, shown)
    print(visible(report.summary(found, seconds)))
    report.print_groups(rows, by, top, _MORE, wide_console(), all_rows=read is not None)
    if out is not None:
        found.to_parquet(out, out.stem)
        print(visible(f"spikes: {out}"))
    if rates is not None:
        report.write_groups(rows, by, rates)
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


def _compare(
    simulator: Simulator,
    cells: tuple[str, ...],
    by: str,
    top: int,
    rates: Path | None,
    keep: Path | None,
    options: dict[str, Any],
) -> None:
    """Compare with null models, or screen, and print the table."""
    from conncore.errors import visible
    from conncore.evolution.progress import counted, say
    from conncore.report.console import wide_console
    from conncore.screens import report
    from conncore.screens.rate_nulls import compare_rates
    from conncore.screens.screen import screen_rates

    found: RateComparison | Screen
    with counted("simulations") as progress:
        more = {**options, "by": by, "keep": keep, "progress": progress}
        try:
            if "nulls" in options:
                compared = compare_rates(simulator, cells=cells, **more)
                found, show = compared, partial(report.print_rates, compared.rows, by)
            else:
                screened = screen_rates(simulator, cells=cells, **more)
                show = partial(report.print_effects, screened.rows, options["action"])
                found = screened
        except KeyboardInterrupt:
            if keep is not None:
                say(f"interrupted; {keep} has what is finished, and the same command resumes")
            raise
    show(top, _MORE, wide_console())
    if rates is not None:
        report.write_rows(found.rows, rates)
        print(visible(f"rates: {rates}"))
    for problem in found.problems[:_MOST_PROBLEMS]:
        say(f"warning: {problem}")
    if len(found.problems) > _MOST_PROBLEMS:
        say(f"warning: {len(found.problems) - _MOST_PROBLEMS} more of this kind")


def _check_comparison(
    nulls: str | None,
    screen: str | None,
    among: str | None,
    keep: Path | None,
    read: str | None,
    out: Path | None,
) -> None:
    """Refuse options that do not belong together."""
    from conncore.errors import need

    compares = nulls is not None or screen is not None
    need(nulls is None or screen is None, "give --nulls or --screen, not both")
    need(not compares or read is not None, "give --read: the cells whose rates are compared")
    need(not compares or out is None, "--out holds one simulation; leave it out")
    need(compares or keep is None, "--keep is for --nulls and --screen")
    need(screen is not None or among is None, "--among is for --screen")
    form = screen is None or "=" in screen
    need(form, f"--screen is {screen!r}; give silence=PROPERTY or activate=PROPERTY")


def _check_files(
    out: Path | None, rates: Path | None, page: Path | None, keep: Path | None
) -> None:
    """Refuse files that could not be written, before the work is done."""
    from importlib.util import find_spec

    from conncore.errors import need

    suffixes = ((out, ".parquet"), (rates, ".csv"), (page, ".html"), (keep, ".jsonl"))
    for path, suffix in suffixes:
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

    if activate and len(rates) not in (1, len(activate)):
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


def _currents(circuit: Connectome, current: list[str]) -> dict[str, float]:
    """The constant input of each cell, mV."""
    from conncore.errors import UsageError

    flow: dict[str, float] = {}
    for text in current:
        cells, _, size = text.rpartition(":")
        try:
            value = float(size)
        except ValueError:
            raise UsageError(
                f"--current is {text!r}; give CELLS:MV, such as type=MN9:7.5"
            ) from None
        for name in _cells(circuit, cells):
            if name in flow:
                raise UsageError(f"cell {name!r} is in --current twice; select it once")
            flow[name] = value
    return flow


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
