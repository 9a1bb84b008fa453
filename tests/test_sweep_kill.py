"""Sweeps survive: workers and drivers are really killed, disks really fill; the command goes on.

`python -m pytest -m slow tests/test_sweep_kill.py` does everything three times over.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import buzzsim as bz

pytestmark = pytest.mark.slow

POINTS, REPLICATES = 50, 50  # of four strategies: 10,000 runs in 50 blocks
LEVELS = [round(0.02 * k, 2) for k in range(1, POINTS + 1)]
FILE = f"""
replicates = {REPLICATES}
seed = 7
[scenario]
network.customers = 2000
network.ties = 8
joining.r0 = 1.6
[design]
reply.empathy = {LEVELS}
"""
PATIENCE = 120.0  # seconds
PAGE = Path(__file__).parents[1] / "docs" / "clusters.md"


@pytest.fixture(autouse=True, params=[1, 2, 3])
def again(request):
    return request.param


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    """What an undisturbed run gives, with one worker."""
    folder = tmp_path_factory.mktemp("undisturbed")
    file = asked(folder)
    sweep = bz.Sweep.from_file(file)
    assert sweep.run(1, quiet=True).runs == 10_000
    return sweep.digest()


@pytest.fixture
def file(tmp_path):
    return asked(tmp_path)


def asked(folder):
    path = folder / "asked.toml"
    path.write_text(FILE)
    return path


def command(file, *more, jobs=2):
    asked = "sweep", "run", str(file), "--quiet", "--jobs", str(jobs)  # a log has a line in 30 s
    return [sys.executable, "-m", "buzzsim", *asked, *more]


def begin(file, *more, **options):
    """Start the command in a session of its own, where Ctrl-C works even in the background."""
    heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    return subprocess.Popen(
        command(file, *more),
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
        **options,
    )


def end(driver):
    """Wait for its end; gives the status and what it said."""
    _, err = driver.communicate(timeout=PATIENCE)
    return driver.returncode, err


def n_finished(file):
    folder = file.with_suffix("") / "blocks"
    return len(list(folder.glob("*.parquet"))) if folder.is_dir() else 0


def until(holds, driver=None):
    """Wait until something holds, or the driver is done."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        if driver is not None and driver.poll() is not None:
            pytest.fail(f"the driver was done too early: {driver.communicate()[1]}")
        time.sleep(0.002)


def workers_of(driver):
    """The processes of its pool."""
    found = []
    for task in Path(f"/proc/{driver.pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
    return found


def is_alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def finishes(file, digest, *more):
    """The same command goes on from what is there, touches none of it; the digest is the same."""
    folder = file.with_suffix("") / "blocks"
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    subprocess.run(command(file, *more), check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    assert {name: after[name] for name in before} == before
    sweep = bz.Sweep.load(file.with_suffix(""))
    assert sweep.status().finished
    assert sweep.digest() == digest


def test_a_killed_worker(file, digest):
    driver = begin(file, "--processes")
    until(lambda: n_finished(file) >= 4, driver)
    os.kill(random.choice(workers_of(driver)), signal.SIGKILL)
    status, err = end(driver)
    assert status == 2
    assert "a worker died" in err
    assert "Traceback" not in err
    assert n_finished(file) < POINTS
    finishes(file, digest, "--processes")


def test_a_killed_driver_takes_its_workers_along(file, digest):
    driver = begin(file, "--processes")
    until(lambda: n_finished(file) >= 4, driver)
    workers = workers_of(driver)
    assert len(workers) == 2
    driver.kill()
    end(driver)
    until(lambda: not any(map(is_alive, workers)))
    assert n_finished(file) < POINTS
    finishes(file, digest, "--processes")


@pytest.mark.parametrize("more", [(), ("--processes",)])
def test_all_killed_at_once(file, digest, more):
    driver = begin(file, *more)
    until(lambda: n_finished(file) >= 4, driver)
    os.killpg(driver.pid, signal.SIGKILL)  # the session that `begin` made
    end(driver)
    assert n_finished(file) < POINTS
    finishes(file, digest, *more)


@pytest.mark.parametrize("more", [(), ("--processes",)])
def test_ctrl_c(file, digest, more):
    driver = begin(file, *more)
    until(lambda: n_finished(file) >= 4, driver)
    os.killpg(driver.pid, signal.SIGINT)
    status, err = end(driver)
    assert status == 130
    kept = "what is finished is kept, and the same command goes on from there"
    assert err.endswith(f"buzzsim: interrupted; {kept}\n")  # a slow machine logs progress before
    assert "Traceback" not in err
    assert n_finished(file) < POINTS
    finishes(file, digest, *more)


def test_killed_at_random_ten_times(file, digest):
    luck = random.Random()
    for _ in range(10):
        more = luck.choice([(), ("--processes",)])
        aim = n_finished(file) + luck.randint(1, 3)
        driver = begin(file, *more)
        until(lambda aim=aim: n_finished(file) >= aim, driver)
        time.sleep(luck.random() * 0.1)  # not only just after a rename
        os.killpg(driver.pid, signal.SIGKILL)
        end(driver)
    assert n_finished(file) < POINTS
    finishes(file, digest)


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of 700 kB, where one may be made."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("more", [(), ("--processes",)])
def test_a_full_disk(file, digest, tiny_disk, more):
    out = tiny_disk / "out"
    status, err = end(begin(file, *more, "--out", str(out)))
    assert status == 2
    assert "No space left on device" in err
    assert err.count("\n") == 1
    assert list((out / "blocks").glob("*.parquet"))
    assert not list((out / "blocks").glob(".*"))
    subprocess.run(["mount", "-o", "remount,size=50m", str(tiny_disk)], check=True)
    subprocess.run(
        command(file, *more, "--out", str(out)),
        check=True,
        timeout=PATIENCE,
        stdout=subprocess.DEVNULL,
    )
    assert bz.Sweep.load(out).digest() == digest


@pytest.mark.parametrize("more", [(), ("--processes",)])
def test_files_that_must_not_grow(file, digest, more):
    """As a quota does it: a limit on the size of files, below the size of a block."""
    limited = ["sh", "-c", 'ulimit -f 12; exec "$@"', "sh", *command(file, *more)]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert n_finished(file) == 0
    assert not list((file.with_suffix("") / "blocks").iterdir())
    finishes(file, digest, *more)


def test_blocks_cut_and_unreadable(file, digest):
    bz.Sweep.from_file(file).run(2, quiet=True)
    cut, empty, folder, other = sorted((file.with_suffix("") / "blocks").iterdir())[:4]
    cut.write_bytes(cut.read_bytes()[:-1])
    empty.write_bytes(b"")
    shutil.copy(other, folder)
    subprocess.run(command(file), check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
    assert bz.Sweep.load(file.with_suffix("")).digest() == digest


def test_two_drivers_at_once(file, digest):
    drivers = [begin(file), begin(file, "--processes")]
    assert [end(driver) for driver in drivers] == [(0, ""), (0, "")]
    finishes(file, digest)


def test_two_drivers_of_which_one_is_killed(file, digest):
    first, second = begin(file), begin(file)
    until(lambda: n_finished(file) >= 4, first)
    first.kill()
    assert end(second) == (0, "")
    end(first)
    finishes(file, digest)


def test_shards_backwards_each_killed_once(file, digest):
    for shard in ("3/3", "2/3", "1/3"):
        aim = n_finished(file) + 2
        driver = begin(file, "--shard", shard)
        until(lambda aim=aim: n_finished(file) >= aim, driver)
        driver.kill()
        end(driver)
        subprocess.run(
            command(file, "--shard", shard), check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL
        )
    finishes(file, digest)
    assert n_finished(file) == POINTS


def driver_of(page, guest):
    """The script that the page on clusters gives for Dask or MPI."""
    scripts = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    (script,) = [script for script in scripts if f"from {guest}" in script]
    return script


def test_a_dask_cluster(file, digest, tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "driver.py").write_text(driver_of(PAGE, "distributed"))
    driver = subprocess.Popen(
        [sys.executable, tmp_path / "driver.py", file],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: n_finished(file) >= 4)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait(timeout=PATIENCE)
    assert n_finished(file) < POINTS
    subprocess.run(
        [sys.executable, tmp_path / "driver.py", file],
        check=True,
        timeout=PATIENCE,
        stdout=subprocess.DEVNULL,
    )
    assert bz.Sweep.load(file.with_suffix("")).digest() == digest
    assert n_finished(file) == POINTS


def test_mpi(file, digest, tmp_path):
    pytest.importorskip("mpi4py")
    if shutil.which("mpiexec") is None:
        pytest.skip("mpiexec is not there")
    (tmp_path / "driver.py").write_text(driver_of(PAGE, "mpi4py"))
    mpi = ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures"]
    allowed = {
        f"OMPI_{what}": "1"
        for what in (
            "ALLOW_RUN_AS_ROOT",
            "ALLOW_RUN_AS_ROOT_CONFIRM",
            "MCA_rmaps_base_oversubscribe",
        )
    }
    subprocess.run(
        [*mpi, tmp_path / "driver.py", file],
        check=True,
        timeout=PATIENCE,
        stdout=subprocess.DEVNULL,
        env=os.environ | allowed,
    )
    assert bz.Sweep.load(file.with_suffix("")).digest() == digest
