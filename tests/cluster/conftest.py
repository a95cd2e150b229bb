"""A real Slurm of two nodes on this machine, for as long as the tests of this folder run.

Debian's `slurm-wlm` and `munge`, and root, since Slurm's commands inside a job look for their
configuration in /etc/slurm alone (the plugin drops `SLURM_CONF` there). Where a piece is missing,
or another Slurm is configured, the tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

CONFIGURATION = Path("/etc/slurm/slurm.conf")
OURS = "# Written by the tests of cisflow, which remove it again."
NODES = ("n1", "n2")
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "sinfo")
PATIENCE = 120


def why_not() -> str | None:
    """Return why no Slurm can be started here, if so."""
    absent = [name for name in NEEDED if shutil.which(name, path=search_path()) is None]
    if absent:
        return f"{', '.join(absent)} not installed"
    if find_spec("snakemake_executor_plugin_slurm") is None:
        return "snakemake-executor-plugin-slurm not installed"
    if os.geteuid() != 0:
        return "root alone can start Slurm"
    if CONFIGURATION.exists() and OURS not in CONFIGURATION.read_text(encoding="utf-8"):
        return f"another Slurm is configured in {CONFIGURATION}"
    return None


def search_path() -> str:
    """Return where daemons lie, which the path of a user may leave out."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens to."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def configuration(folder: Path) -> str:
    """Return the configuration of two nodes on this host, two processors and 4 GB each."""
    host = socket.gethostname().partition(".")[0]
    control, *ports = free_ports(1 + len(NODES))
    nodes = [
        f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=4000"
        for node, port in zip(NODES, ports, strict=True)
    ]
    return "\n".join(
        [
            OURS,
            "ClusterName=cisflow",
            f"SlurmctldHost={host}(127.0.0.1)",
            f"SlurmctldPort={control}",
            "SlurmUser=root",
            "AuthType=auth/munge",
            f"AuthInfo=socket={folder}/munge.socket",
            f"StateSaveLocation={folder}/state",
            f"SlurmdSpoolDir={folder}/spool-%n",
            f"SlurmctldPidFile={folder}/slurmctld.pid",
            f"SlurmdPidFile={folder}/slurmd-%n.pid",
            "ProctrackType=proctrack/linuxproc",
            "TaskPlugin=task/none",
            "SelectType=select/cons_tres",
            "SelectTypeParameters=CR_Core_Memory",
            "SlurmdParameters=config_overrides",
            "MpiDefault=none",
            "MinJobAge=3600",
            "ReturnToService=2",
            *nodes,
            f"PartitionName=main Nodes={','.join(NODES)} Default=YES LLN=YES MaxTime=60 State=UP",
            "",
        ]
    )


@contextmanager
def running(command: list[str], log: Path):
    """Run a daemon in the foreground of its own, and end it."""
    environment = {**os.environ, "PATH": search_path()}
    with log.open("wb") as said:
        daemon = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
    try:
        yield daemon
    finally:
        daemon.terminate()
        try:
            daemon.wait(timeout=30)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def wait_for_nodes(folder: Path) -> None:
    """Return when both nodes are idle; fail with what the daemons said."""
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last:
        states = subprocess.run(
            ["sinfo", "--noheader", "--Node", "--format=%T"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.split()
        if states == ["idle"] * len(NODES):
            return
        time.sleep(1)
    logs = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in folder.glob("*.log"))
    pytest.fail(f"Slurm's nodes are not idle after {PATIENCE} s, but {states}\n{logs}")


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """Start munge, the controller and two nodes; yield the folder of their logs; stop them."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    (folder / "state").mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o400)
    daemons = [
        [
            *("munged", "--foreground", "--force", f"--key-file={folder}/munge.key"),
            *(f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid"),
            *(f"--seed-file={folder}/munged.seed", "--num-threads=4"),
        ],
        ["slurmctld", "-D"],
        *(["slurmd", "-D", "-N", node] for node in NODES),
    ]
    CONFIGURATION.write_text(configuration(folder), encoding="utf-8")
    with ExitStack() as stack:
        stack.callback(CONFIGURATION.unlink)
        for number, daemon in enumerate(daemons):
            stack.enter_context(running(daemon, folder / f"{number}-{daemon[0]}.log"))
            time.sleep(1)
        wait_for_nodes(folder)
        yield folder
