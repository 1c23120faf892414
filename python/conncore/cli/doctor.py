"""`conncore doctor`: is this installation fit, and what is it built of?"""

from __future__ import annotations

import json
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the installation: versions, threads, instruction sets, kernels against NumPy."""
    from conncore.cli.doctor_run import examine

    facts, problems = examine()
    if as_json:
        print(json.dumps({**facts, "problems": problems}, indent=2))
    else:
        width = max(map(len, facts))
        for name, value in facts.items():
            print(f"{name:<{width}}  {value}")
        for problem in problems:
            print(f"problem: {problem}")
    if problems:
        raise typer.Exit(1)
