#!/usr/bin/env python3
"""Plays the scenarios of e2e/scenarios against the real binary with real kubectl. See e2e/README.md.

  e2e/run_scenarios.py --binary build/release/heirloom [NAME...]        all scenarios, or those named
  ... --mode split                     API server and controller as two processes
  ... --mode external                  the API server of KUBECONFIG, whatever it is; cleans up after itself
  ... --kill 20 --seed 7               with SIGKILLs at random moments; the seed says at which
"""

import argparse
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time

from harness import killer as killing
from harness import processes, scenario as scenarios
from harness.player import Failure, Player
from harness.shell import Shell
from harness.show import Loud, Quiet

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCENARIOS = os.path.join(ROOT, "e2e", "scenarios")
STORIES = ("shared-namespace", "claims")  # what --demo plays; the first unless told otherwise
DEMO_KILLS = 20


def parse_arguments():
    parser = argparse.ArgumentParser(description="Plays the scenarios of e2e/scenarios.")
    parser.add_argument("names", nargs="*", help="scenarios to play; all that fit the mode when none is named")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build/release/heirloom"))
    parser.add_argument("--kubectl", default=os.environ.get("KUBECTL") or shutil.which("kubectl"))
    parser.add_argument("--mode", choices=scenarios.MODES, default="standalone")
    parser.add_argument("--kill", type=int, default=0, metavar="N", help="SIGKILL the programs N times and restart them")
    parser.add_argument("--seed", type=int, default=None, help="says when the kills come; printed when it was drawn")
    parser.add_argument("--patience", type=float, default=float(os.environ.get("HEIRLOOM_PATIENCE", 1)),
                        help="multiplies every deadline, for slow or busy machines")
    parser.add_argument("--show", action="store_true", help="print every command and what came back")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("--demo", action="store_true", help="play a story for people (scripts/demo)")
    parser.add_argument("--story", choices=STORIES, default=STORIES[0], help="with --demo: which one")
    parser.add_argument("--keep", action="store_true", help="with --demo: leave the server running")
    parser.add_argument("--quick", action="store_true", help="with --demo: without the chapter of SIGKILLs")
    return parser.parse_args()


class Run:
    """One scenario in one mode: fresh folder, fresh data directory, fresh ports."""

    def __init__(self, arguments, scenario, mode, show, kills=0, seed=0, keep=False):
        self.arguments, self.scenario, self.mode, self.show = arguments, scenario, mode, show
        self.kills, self.seed, self.keep = kills, seed, keep
        self.folder = tempfile.mkdtemp(prefix=f"heirloom-{scenario.name}-")
        self.cluster = None

    def play(self):
        """Raises Failure; otherwise all of it came out as told."""
        arguments = self.arguments
        self.cluster = processes.Cluster(
            self.mode, os.path.abspath(arguments.binary), self.folder, self.scenario.controller_args, self.keep,
            os.environ.get("KUBECONFIG"), self.scenario.controller_user,
            self.scenario.controllers)
        shell = Shell(ROOT, self.folder, arguments.kubectl, self.cluster.kubeconfig, arguments.binary)
        player, created = None, []
        try:
            if self.mode == "external":
                created = install_definitions(shell)
            killer = None
            if self.scenario.start:
                self.cluster.start()
                if self.kills:
                    killer = killing.Killer(self.cluster, self.kills, self.seed, self.scenario.operations())
            player = Player(self.scenario, self.cluster, shell, self.show, arguments.patience, killer)
            if self.mode == "external":
                player.clean_up()
            player.play()
            if not self.keep:
                self._end(player)
        except processes.ProcessError as e:
            raise Failure(str(e)) from None
        finally:
            if self.mode == "external" and player:
                player.clean_up()
                for name in created:
                    shell.run(f"kubectl delete --ignore-not-found --timeout=60s {name}")
            if not self.keep:
                self.cluster.kill()

    def _end(self, player):
        if self.mode == "external":
            player.clean_up()  # while the controller still runs: it is what empties the applications' finalizers
        for name in player.stopped_on_purpose:
            if not self.cluster.parts[name].alive():
                del self.cluster.parts[name]
        problems = self.cluster.stop()
        if problems:
            raise Failure("; ".join(problems))

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def install_definitions(shell):
    """Returns the names of those that were not there before."""
    outcome = shell.run("kubectl apply -f apis/crds/ && kubectl wait --for=condition=Established --timeout=60s -f apis/crds/")
    if outcome.code != 0:
        raise Failure(f"the CRDs cannot be installed: {outcome.text}")
    return re.findall(r"^(customresourcedefinition\S+) created", outcome.out, re.M)


def play_one(arguments, scenario, mode, kills=0, seed=0):
    """Prints one line; more on failure. True when all came out as told."""
    begin = time.monotonic()
    show = Loud() if arguments.show else Quiet()
    run = Run(arguments, scenario, mode, show, kills, seed)
    label = f"{scenario.name} ({mode}{f', {kills} kills, seed {seed}' if kills else ''})"
    try:
        run.play()
    except Failure as e:
        if not arguments.show:
            print("\n".join(show.story[-60:]))
        print(f"FAILED {label}: {e}\n{run.cluster.logs() if run.cluster else ''}--- data and logs: {run.folder}", flush=True)
        return False
    run.clear()
    print(f"passed {label} in {time.monotonic() - begin:.1f} s", flush=True)
    return True


def demo(arguments):
    """The story as told, then again under SIGKILLs in both modes. Exit code."""
    story = scenarios.load(os.path.join(SCENARIOS, arguments.story))
    run = Run(arguments, story, "standalone", Loud(), keep=arguments.keep)
    print(f"== the story, played against `heirloom standalone --data-dir {run.folder}/data --resync 24h`", flush=True)
    try:
        run.play()
    except Failure as e:
        print(f"\nNOT AS TOLD: {e}\n{run.cluster.logs()}--- data and logs: {run.folder}", file=sys.stderr)
        return 1
    if not arguments.quick:
        print(f"\n# All of it again under {DEMO_KILLS} SIGKILLs at random moments, each followed by a restart on the same data")
        for mode in ("standalone", "split"):
            if not play_one(arguments, story, mode, DEMO_KILLS, drawn_seed(arguments)):
                return 1
    print("\n== every step came out as told")
    if arguments.keep:
        print(f"the server keeps running (process {run.cluster.part('server').popen.pid}); to use it:\n"
              f"  export KUBECONFIG={run.cluster.kubeconfig}")
    else:
        run.clear()
    return 0


def drawn_seed(arguments):
    return arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)


def check(arguments):
    if not os.access(arguments.binary, os.X_OK):
        sys.exit(f"{arguments.binary} is not there; build it: cmake --build --preset release")
    if not arguments.kubectl:
        sys.exit("kubectl is neither on PATH nor named by KUBECTL; scripts/install-packages gets it")
    if arguments.mode == "external" and not os.environ.get("KUBECONFIG"):
        sys.exit("--mode external needs KUBECONFIG")


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    everything = sorted(name for name in os.listdir(SCENARIOS) if os.path.isdir(os.path.join(SCENARIOS, name)))
    if arguments.list:
        for name in everything:
            story = scenarios.load(os.path.join(SCENARIOS, name))
            print(f"{name:32} {story.about}")
        return 0
    check(arguments)
    if arguments.demo:
        return demo(arguments)
    for name in arguments.names:
        if name not in everything:
            sys.exit(f"there is no scenario {name!r}; there are: {', '.join(everything)}")
    chosen = [scenarios.load(os.path.join(SCENARIOS, name)) for name in arguments.names or everything]
    fitting = [s for s in chosen if arguments.mode in s.modes and (s.survives_kills or not arguments.kill)]
    for s in chosen:
        if s not in fitting:
            print(f"left out {s.name}: not for {arguments.mode}{' with kills' if arguments.kill else ''}")
    failed = [s.name for s in fitting if not play_one(arguments, s, arguments.mode, arguments.kill, drawn_seed(arguments))]
    print(f"{len(fitting) - len(failed)} of {len(fitting)} scenarios came out as told"
          + (f"; not: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
