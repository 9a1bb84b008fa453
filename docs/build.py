"""Write every generated page: `python docs/build.py`; `--check` names the stale ones and fails.

Pages come from the code and from records on file (csv, toml); nothing is simulated here. A page
that quotes another one stands below it in `pages`.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from buzzsim.study import protocol

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENTS = {  # each module has `stored()`, its records, and `filled(text, records)`, its page
    "delays": "delays.py",
    "stylised": "stylised.py",
    "literature": "literature.py",
    "four-strategies": "four_strategies.py",
}


def pages() -> dict[Path, Callable[[], str]]:
    """Give every generated page with the function that gives its text."""
    validation = loaded("experiments/validation/validation.py")
    benchmarks = loaded("experiments/benchmarks/page.py")
    texts: dict[Path, Callable[[], str]] = {
        ROOT / "docs/odd.md": protocol.odd,
        ROOT / "docs/parameters.md": protocol.parameter_table,
    }
    for folder, file in EXPERIMENTS.items():
        module, page = loaded(f"experiments/{folder}/{file}"), ROOT / "experiments" / folder
        texts[page / "README.md"] = partial(filled, module, page / "README.md", module.stored)
    page = ROOT / "experiments/benchmarks"
    records = partial(benchmarks.stored, page)
    texts[page / "README.md"] = partial(filled, benchmarks, page / "README.md", records)
    texts[ROOT / "docs/validation.md"] = validation.page
    editions = loaded("notebooks/build.py").editions()
    return texts | {path: partial(str, text) for path, text in editions.items()}


def loaded(path: str) -> ModuleType:
    """Import a script by its path, with the modules that stand beside it."""
    file = ROOT / path
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(f"{file.parent.name}_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    sys.path.remove(str(file.parent))
    return module


def filled(module: ModuleType, page: Path, stored: Callable[[], object]) -> str:
    """Give a page with its blocks written anew from the records."""
    return module.filled(page.read_text(encoding="utf-8"), stored())


def main() -> int:
    """Write the pages, or check them; gives 1 where one is stale."""
    parser = argparse.ArgumentParser(description="Write every generated page.")
    parser.add_argument("--check", action="store_true", help="write nothing, name stale pages")
    check = parser.parse_args().check
    stale = 0
    for path, write in pages().items():
        text = write()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
