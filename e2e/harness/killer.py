"""SIGKILLs the programs at random moments of a scenario and starts them again on the same data directory."""

import queue
import random
import threading
import time

LATEST_SECONDS = 0.4  # a kill comes at most this long after the step it was drawn for began
DOWN_SECONDS = 0.3  # and the program stays down at most this long


class Killer:
    def __init__(self, cluster, kills, seed, operations):
        self.cluster = cluster
        draw = random.Random(seed)
        names = list(cluster.parts)
        # In the order in which they come due: after which operation, with which delay, whom, for how long.
        self.plan = [
            (at, draw.uniform(0, LATEST_SECONDS), names[n % len(names)], draw.uniform(0, DOWN_SECONDS))
            for n, at in enumerate(sorted(draw.randrange(operations) for _ in range(kills)))
        ]
        self.killed = []
        self.error = None
        self._due = queue.Queue()
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def operation(self, number):
        """Called when operation `number` of the scenario begins."""
        while self.plan and self.plan[0][0] <= number:
            self._due.put(self.plan.pop(0))

    def _run(self):
        while (kill := self._due.get()) is not None:
            _, delay, name, down = kill
            time.sleep(delay)
            try:
                process = self.cluster.parts[name]
                process.require_alive()
                process.kill()
                self.killed.append(name)
                time.sleep(down)
                self.cluster.start_part(process)
            except Exception as e:  # told by the scenario's thread
                self.error = e
                break
        self._finished.set()
        # The kernel ends what this thread has started when this thread ends (PR_SET_PDEATHSIG).
        threading.Event().wait()

    def finish(self):
        """Carries out what is still due and waits for the last restart."""
        while self.plan:
            self._due.put(self.plan.pop(0))
        self._due.put(None)
        self._finished.wait()
        if self.error:
            raise self.error
