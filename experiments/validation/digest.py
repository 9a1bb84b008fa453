"""Digests of what buzzsim computes: packaged comparisons, a sweep, and runs of both engines.

`python experiments/validation/digest.py` prints them in some minutes. They must not change where a
change of the code is meant to change no number. Versions are left out.
"""

import hashlib
import json
import tempfile

import buzzsim as bz

STRATEGIES = ("ignore", "censor", "public_reply", "private_dialogue")


def main() -> None:
    """Print a line for each packaged comparison, for the sweep, and for each engine."""
    for name in bz.scenarios():
        print(f"compare {name} --seed 1", of_comparison(name), flush=True)
    print("sweep", of_sweep(), flush=True)
    for engine in ("compiled", "mesa"):
        print("twins", engine, of_runs(engine), flush=True)


def of_comparison(name: str) -> str:
    """Digest what the command line writes as JSON."""
    values = bz.compare(name, rng=1, quiet=True).to_dict()
    del values["versions"]
    return short(hashlib.sha256(json.dumps(values).encode()))


def of_sweep() -> str:
    """Digest the table of a small sweep."""
    scenario = bz.Scenario().replace({"network.customers": 500})
    design = bz.Design.product(
        {"joining.r0": [0.3, 0.8], "brand.staff": [1, 5], "reply.empathy": [0.1, 0.9]}
    )
    with tempfile.TemporaryDirectory() as folder:
        sweep = bz.Sweep(scenario, design, replicates=40, rng=7, out=f"{folder}/out")
        sweep.run(2, quiet=True)
        return short(hashlib.sha256(sweep.table().to_csv(index=False).encode()))


def of_runs(engine: str) -> str:
    """Digest outcomes, hours and every table of some runs in a small crowd."""
    digest = hashlib.sha256()
    for name in bz.scenarios():
        changes = {"network.customers": 300, "complaint.names": []}
        scenario = bz.Scenario.load(name).replace(changes)
        for strategy in STRATEGIES:
            for replicate in range(8):
                asked = {"strategy": strategy, "replicate": replicate, "engine": engine}
                result = bz.run(scenario, rng=1, **asked)
                digest.update(result.values.tobytes() + result.hourly_volume.tobytes())
                for table in result.record.values():
                    for column in table.values():
                        digest.update(column.astype("<f8").tobytes())
    return short(digest)


def short(digest: "hashlib._Hash") -> str:
    """Give the first 16 digits."""
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
