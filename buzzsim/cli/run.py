"""`buzzsim run`: one run, with its whole trajectory."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from buzzsim.cli import options


def add_to(commands: Any) -> None:
    """Add the command to those of the parser."""
    run = commands.add_parser(
        "run",
        act=_run,
        help="one run, with its whole trajectory",
        description="Run a scenario once under one strategy.",
    )
    options.add_run(run)
    add, strategies = run.option, "ignore, censor, public_reply or private_dialogue"
    add("--strategy NAME", strategies, default="ignore")
    whole = options.whole(0, 2**63 - 1)
    add("--replicate N", "which replicate (default: 0)", type=whole, default=0)
    add("--engine NAME", "compiled or mesa: the same numbers", default="compiled")
    add("--save FILE", "keep the whole run in a file that buzzsim.Result.load reads")


def _run(asked: argparse.Namespace) -> None:
    from buzzsim.model.outcomes import OUTCOMES
    from buzzsim.study.run import plain_changes, run

    scenario = options.scenario(asked)
    result = run(
        scenario,
        strategy=asked.strategy,
        network=options.network(asked, scenario),
        rng=asked.seed,
        replicate=asked.replicate,
        engine=asked.engine,
    )
    if asked.save:
        result.save(asked.save)
    hourly, outcomes = result.hourly(), dict(result.outcomes)
    if asked.json:
        document = {
            "scenario": scenario.name,
            "changes": plain_changes(scenario),
            "strategy": result.strategy,
            "replicate": result.replicate,
            "entropy": result.entropy,
            "network": {key: result.network[key] for key in ("customers", "ties", "directed")},
            "versions": result.versions,
            "outcomes": {key: None if math.isnan(x) else x for key, x in outcomes.items()},
            "hourly": hourly.to_dict("list"),
        }
        print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
        return
    about = f"{result.strategy}, seed {result.entropy}, replicate {result.replicate}"
    print(f"{scenario.title or scenario.name}, {about}\n")
    width = max(map(len, outcomes))
    for name, value in outcomes.items():
        number = "undefined" if math.isnan(value) else f"{value:.4g}"
        print(f"  {name.ljust(width)}  {number:>10}  {OUTCOMES[name].unit}")
    busy = hourly[(hourly != 0).any(axis=1)]
    print(f"\nby hour (hours without news left out)\n{busy.to_string()}")
