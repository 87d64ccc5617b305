"""Starts, kills and ends the programs a scenario runs against; none of them outlives the runner."""

import atexit
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

from . import yaml_subset

READY_SECONDS = 30  # for a start on a machine that does ten other things
STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1

_running = set()
_libc = ctypes.CDLL(None, use_errno=True)


class ProcessError(Exception):
    pass


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@atexit.register
def _kill_all():
    for process in list(_running):
        process.kill()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def identity(path):
    """Differs when another file has taken the name."""
    try:
        status = os.stat(path)
        return status.st_ino, status.st_mtime_ns
    except FileNotFoundError:
        return None


class Process:
    """One program, started any number of times with the same arguments; its output is appended to one log."""

    def __init__(self, name, arguments, log, environment=None, outlive=False):
        self.name, self.arguments, self.log = name, arguments, log
        self.environment = {**os.environ, **(environment or {})}
        self.outlive = outlive  # leave it running when the runner ends (scripts/demo --keep)
        self.popen = None
        self.lock = threading.Lock()

    def start(self):
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self.environment,
                start_new_session=True, preexec_fn=None if self.outlive else _die_with_parent)
        if not self.outlive:
            _running.add(self)

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def pause(self):
        """SIGSTOP: what a suspended machine or a starved container looks like to the others. Returns when it stands."""
        self.require_alive()
        os.killpg(self.popen.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.popen.pid, os.WSTOPPED)

    def resume(self):
        self.require_alive()
        os.killpg(self.popen.pid, signal.SIGCONT)

    def kill(self):
        """SIGKILL: what a power cut or the kernel's memory killer does."""
        if self.popen is None:
            return
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()
        _running.discard(self)

    def stop(self):
        """SIGTERM; a program that does not end on it is at fault. Returns its exit code."""
        if self.popen is None:
            return 0
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise ProcessError(f"{self.name} did not end within {STOP_SECONDS} s of SIGTERM") from None
        _running.discard(self)
        return self.popen.returncode

    def tail(self, lines=40):
        try:
            with open(self.log, errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return ""

    def require_alive(self):
        if not self.alive():
            code = self.popen.returncode if self.popen else None
            raise ProcessError(f"{self.name} ended by itself with exit code {code}; its last lines:\n{self.tail(15)}")


class Cluster:
    """What the scenario talks to: standalone | split (API server and controller apart) | external (a given server).
    Further controllers are controller-2, controller-3, ..."""

    def __init__(self, mode, binary, folder, controller_args=(), outlive=False, kubeconfig=None,
                 controller_user=None, controllers=1):
        self.mode, self.binary, self.folder = mode, binary, folder
        self.data_dir = os.path.join(folder, "data")
        self.metrics_ports = {}
        self.kubeconfig = kubeconfig if mode == "external" else os.path.join(folder, "kubeconfig")
        self.controller_user = controller_user
        self.port = 0
        self.outlive = outlive
        self.parts = {}
        if mode == "standalone":
            self._add("standalone", self._server_args("standalone") + self._control_args("standalone", controller_args))
            return
        if mode == "split":
            self._add("apiserver", self._server_args("apiserver"))
        for number in range(1, controllers + 1):
            name = "controller" if number == 1 else f"controller-{number}"
            self._add(name, [binary, "controller", "--kubeconfig", self._controller_kubeconfig(),
                             *self._control_args(name, controller_args)])

    def _control_args(self, name, more):
        self.metrics_ports[name] = free_port()
        return ["--resync", "24h", "--metrics-listen", f"127.0.0.1:{self.metrics_ports[name]}", *more]

    def _add(self, name, arguments):
        log = os.path.join(self.folder, f"{name}.log")
        self.parts[name] = Process(name, arguments, log, {"HOME": self.folder}, self.outlive)

    def _server_args(self, command):
        return [self.binary, command, "--data-dir", self.data_dir, "--listen", f"127.0.0.1:{self.port}",
                "--write-kubeconfig", self.kubeconfig]

    def _controller_kubeconfig(self):
        return os.path.join(self.folder, "controller-kubeconfig") if self.controller_user else self.kubeconfig

    def _write_controller_kubeconfig(self):
        """As the scenario's, but acting as a user with fewer rights."""
        with open(self.kubeconfig) as file:
            config = yaml_subset.load(file.read(), self.kubeconfig)
        for user in config["users"]:
            user["user"]["as"] = self.controller_user
        with open(self._controller_kubeconfig(), "w") as file:
            json.dump(config, file)

    def part(self, name):
        """'server' and 'controller' name the process that plays this role in every mode."""
        if name in self.parts:
            return self.parts[name]
        if self.mode == "standalone" and name in ("server", "apiserver", "controller"):
            return self.parts["standalone"]
        if name == "server" and "apiserver" in self.parts:
            return self.parts["apiserver"]
        raise ProcessError(f"there is no {name} in mode {self.mode}")

    def start(self):
        for process in self.parts.values():
            self.start_part(process)

    def start_part(self, process):
        if process.name.startswith("controller"):
            if self.controller_user:
                self._write_controller_kubeconfig()
            process.start()
            return
        # The kubeconfig file appears complete, under its name at once: a new one is the sign that the server answers.
        before = identity(self.kubeconfig)
        process.start()
        deadline = time.monotonic() + READY_SECONDS
        while identity(self.kubeconfig) == before:
            process.require_alive()
            if time.monotonic() > deadline:
                raise ProcessError(f"{process.name} wrote no kubeconfig within {READY_SECONDS} s:\n{process.tail(15)}")
            time.sleep(0.01)
        if not self.port:
            self._keep_port(process)

    def _keep_port(self, process):
        """After the first start the port stays, so that clients find the server again after a restart."""
        with open(self.kubeconfig) as config:
            match = re.search(r"server:\s*\"?https?://[^:\s]+:(\d+)", config.read())
        if not match:
            raise ProcessError(f"the kubeconfig that {process.name} wrote names no server with a port")
        self.port = int(match[1])
        listen = process.arguments.index("--listen") + 1
        process.arguments[listen] = f"127.0.0.1:{self.port}"

    def stop(self):
        """Ends everything in good order; an error when a program ended by itself or does not exit with 0."""
        problems = []
        for process in reversed(self.parts.values()):
            if process.popen is None:
                continue
            died = not process.alive()
            try:
                code = process.stop()
                if died or code != 0:
                    how = "ended by itself" if died else "ended on SIGTERM"
                    problems.append(f"{process.name} {how} with exit code {code}")
            except ProcessError as e:
                problems.append(str(e))
        return problems

    def kill(self):
        for process in self.parts.values():
            process.kill()

    def logs(self):
        return "".join(f"--- {p.name}.log (end)\n{p.tail()}" for p in self.parts.values())
