"""Runs kubectl (and what else a scenario says) with the scenario's own kubeconfig and home."""

import os
import subprocess
from dataclasses import dataclass

COMMAND_SECONDS = 120


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def text(self):
        return self.out + self.err


class Shell:
    def __init__(self, root, folder, kubectl, kubeconfig, binary):
        self.root = root
        programs = os.path.join(folder, "bin")
        os.makedirs(programs, exist_ok=True)
        for name, target in (("kubectl", kubectl), ("heirloom", binary)):
            os.symlink(os.path.abspath(target), os.path.join(programs, name))
        self.environment = {
            **os.environ,
            "PATH": programs + os.pathsep + os.environ["PATH"],
            "KUBECONFIG": kubeconfig,
            "HOME": folder,  # kubectl caches discovery there, by port
            "tmp": folder,
        }

    def run(self, command, text=None, limit=COMMAND_SECONDS):
        """One bash command line, from the root of the repository; $tmp is the scenario's folder."""
        try:
            done = subprocess.run(
                ["bash", "-c", command], input=text if text is not None else "", text=True, errors="replace",
                cwd=self.root, env=self.environment, capture_output=True, timeout=limit)
            return Outcome(done.returncode, done.stdout, done.stderr)
        except subprocess.TimeoutExpired as e:
            shown = [part.decode(errors="replace") if isinstance(part, bytes) else part or "" for part in (e.stdout, e.stderr)]
            return Outcome(124, shown[0], f"{shown[1]}\nno end within {limit:g} s")
