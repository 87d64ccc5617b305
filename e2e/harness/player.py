"""Plays one scenario against a running cluster."""

import json
import os
import re
import resource
import signal
import subprocess
import time
import urllib.request

from .matching import differences, says, seconds, short
from .processes import ProcessError

POLL_SECONDS = 0.02
DEFAULT_SECONDS = 10
KILLED_SECONDS = 45  # what a killed and restarted program may take to catch up, at least
LOST = re.compile(
    r"refused|reset by peer|EOF|TLS handshake|[Uu]nable to connect|connection lost|http2|i/o timeout|ServiceUnavailable|"
    r"broken pipe|couldn't get|[Tt]imed? ?out|no route|server is currently unable|no matches for kind")


class Failure(Exception):
    pass


class Player:
    def __init__(self, scenario, cluster, shell, show, patience=1.0, killer=None):
        self.scenario, self.cluster, self.shell, self.show = scenario, cluster, shell, show
        self.patience, self.killer = patience, killer
        self.operation = 0
        self.remembered = {}
        self.requests_before = None
        self.applied = []
        self.stopped_on_purpose = set()

    def play(self):
        for step in self.scenario.steps:
            self.show.step(step.title)
            try:
                for item in step.given + step.when:
                    self._begin()
                    self._act(item)
                for item in step.then:
                    self._begin()
                    self._expect(item)
            except (Failure, ProcessError) as e:
                raise Failure(f"{step.title}\n{e}") from None
        if self.killer:
            self.killer.finish()
            last = self.scenario.steps[-1]
            for item in last.then:
                self._expect(item)

    def _begin(self):
        if self.killer:
            self.killer.operation(self.operation)
            if self.killer.error:
                raise Failure(f"after a SIGKILL: {self.killer.error}")
        else:
            for process in self.cluster.parts.values():
                if process.popen is not None and process.name not in self.stopped_on_purpose:
                    process.require_alive()
        self.operation += 1

    # Actions

    def _act(self, item):
        for verb in ("kubectl", "apply", "heirloom", "write", "run", "remember", "stop", "start", "kill", "pause", "resume"):
            if verb in item:
                getattr(self, "_" + verb)(item)
                return

    def _kubectl(self, item):
        self._note_applied(item["kubectl"])
        self._command("kubectl " + item["kubectl"], item, item.get("input"))

    def _apply(self, item):
        path = os.path.join(self.cluster.folder, f"manifest-{self.operation}.yaml")
        with open(path, "w") as file:
            file.write(item["apply"])
        self.applied.append(path)
        self.show.text(item["apply"])
        self._command(f"kubectl apply -f $tmp/{os.path.basename(path)}", item)

    def _run(self, item):
        self._command(item["run"], item)

    def _note_applied(self, command):
        match = re.match(r"(?:apply|create) .*?-f (\S+)", command)
        if match and match[1] != "-":
            self.applied.append(match[1])

    def _command(self, command, item, text=None):
        self.show.command(command)
        deadline = time.monotonic() + KILLED_SECONDS
        again = False
        while True:
            kills = len(self.killer.killed) if self.killer else 0
            outcome = self.shell.run(command, text)
            gone = again and re.match(r"kubectl delete", command) and "NotFound" in outcome.text
            if gone or not self.killer or time.monotonic() > deadline:
                break
            disturbed = outcome.code != 0 and (LOST.search(outcome.text) or len(self.killer.killed) > kills)
            if not disturbed:
                break
            again = True
            time.sleep(POLL_SECONDS)
        self.show.output(outcome.text)
        if gone:
            return
        fails = item.get("fails")
        if fails is None and outcome.code != 0:
            raise Failure(f"`{command}` failed with exit code {outcome.code}:\n{outcome.text}")
        if fails is not None and outcome.code == 0:
            raise Failure(f"`{command}` should fail saying {fails}, but succeeded:\n{outcome.text}")
        for pattern in (fails, item.get("says")):
            if pattern not in (None, True) and not says(outcome.text, pattern):
                raise Failure(f"`{command}` should say {pattern}, but said:\n{outcome.text}")

    def _write(self, item):
        path = os.path.expandvars(item["write"].replace("$tmp", self.cluster.folder))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(item.get("text") or "")

    def _remember(self, item):
        if item["remember"] == "requests":
            self.requests_before = self._request_count()
            return
        deadline = time.monotonic() + KILLED_SECONDS
        observed, error = self._get(item["remember"])
        while error and self.killer and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            observed, error = self._get(item["remember"])
        if error:
            raise Failure(f"cannot remember {item['remember']}: {error}")
        self.remembered[item["remember"]] = observed["metadata"]["resourceVersion"]

    def _stop(self, item):
        self.stopped_on_purpose.add(self.cluster.part(item["stop"]).name)
        code = self.cluster.part(item["stop"]).stop()
        if code != 0:
            raise Failure(f"{item['stop']} ended on SIGTERM with exit code {code}")

    def _start(self, item):
        if item["start"] == "server" and self.cluster.mode == "external":
            return
        process = self.cluster.part(item["start"])
        self.cluster.start_part(process)
        self.stopped_on_purpose.discard(process.name)

    def _kill(self, item):
        process = self.cluster.part(item["kill"])
        self.stopped_on_purpose.add(process.name)
        process.kill()

    def _pause(self, item):
        process = self.cluster.part(item["pause"])
        self.stopped_on_purpose.add(process.name)  # it may end when it goes on
        process.pause()

    def _resume(self, item):
        self.cluster.part(item["resume"]).resume()

    def _heirloom(self, item):
        """Runs the program to its end: for what it refuses to do."""
        limit = int(item["file_limit"]) if "file_limit" in item else None

        def confine():
            if limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writes beyond fail, as on a full disk
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        command = item["heirloom"].replace("$tmp", self.cluster.folder).replace("$data", self.cluster.data_dir)
        command = command.replace("$kubeconfig", self.cluster.kubeconfig)
        self.show.command("heirloom " + command)
        environment = {**self.shell.environment, **{k: str(v) for k, v in (item.get("environment") or {}).items()}}
        try:
            done = subprocess.run(
                [self.cluster.binary, *command.split()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.cluster.folder, env=environment,
                preexec_fn=confine, timeout=seconds(item.get("within", "20s")) * max(1, self.patience))
        except subprocess.TimeoutExpired as e:
            said = e.stdout.decode(errors="replace") if isinstance(e.stdout, bytes) else e.stdout or ""
            raise Failure(f"`heirloom {command}` did not end within {e.timeout:g} s; it said:\n{said}") from None
        self.show.output(done.stdout)
        wanted = item.get("exits", 0)
        if wanted == "error" and done.returncode <= 0 or wanted != "error" and done.returncode != wanted:
            raise Failure(f"`heirloom {command}` should exit with {wanted}, did with {done.returncode}:\n{done.stdout}")
        if "says" in item and not says(done.stdout, item["says"]):
            raise Failure(f"`heirloom {command}` should say {item['says']}, but said:\n{done.stdout}")

    # Expectations

    def _expect(self, item):
        if self.killer and item.get("list", "").split()[:1] == ["events"]:
            return  # an Event that is under way dies with the process, and nobody sends it again
        if self.killer and "requests" in item:
            return  # who has just been started asks for everything
        if "unchanged" in item:
            check = lambda: self._unchanged(item["unchanged"])
        elif "get" in item:
            check = lambda: self._has(item["get"], item.get("has") or {})
        elif "absent" in item:
            check = lambda: self._absent(item["absent"])
        elif "list" in item:
            check = lambda: self._listed(item)
        elif "log" in item:
            check = lambda: self._logged(item)
        elif "exited" in item:
            check = lambda: self._exited(item)
        elif "ready" in item:
            check = lambda: self._ready(item["ready"])
        elif "metric" in item:
            check = lambda: self._metric(item)
        else:
            check = lambda: self._requests(item)
        self._wait(item, check)

    def _wait(self, item, check):
        """Until `check` finds nothing wrong, at most until the deadline; it is always asked once."""
        allowed = seconds(item.get("within", f"{DEFAULT_SECONDS}s")) * self.patience
        if "unchanged" in item or "requests" in item:
            allowed = 0
        if self.killer:
            allowed = max(allowed, KILLED_SECONDS)
        begin = time.monotonic()
        kills = len(self.killer.killed) if self.killer else 0
        while True:
            asked = time.monotonic()
            problem, seen = check()
            if not problem:
                self.show.expectation(item, seen, time.monotonic() - begin)
                return
            if self.killer and len(self.killer.killed) != kills:
                kills, begin = len(self.killer.killed), asked
            if asked - begin > allowed:
                verb = next(iter(item))
                because = f" ({item['because']})" if "because" in item else ""
                raise Failure(f"{verb} {item[verb]}: not as told{because} after {allowed:g} s: {problem}\nseen: {short(seen, 6000)}")
            time.sleep(POLL_SECONDS)

    def _get(self, what):
        outcome = self.shell.run(f"kubectl get {what} -o json", limit=20)
        if outcome.code != 0:
            return None, outcome.text.strip() or f"exit code {outcome.code}"
        return json.loads(outcome.out), None

    def _has(self, what, expected):
        observed, error = self._get(what)
        if error:
            return error, None
        return "; ".join(differences(expected, observed)), _without_noise(observed)

    def _absent(self, what):
        observed, error = self._get(what)
        if error is None:
            return "it is still there", _without_noise(observed)
        return ("", None) if "NotFound" in error or "doesn't have a resource type" in error else (error, None)

    def _listed(self, item):
        observed, error = self._get(item["list"])
        if error:
            return error, None
        items = observed["items"]
        problems = []
        if "count" in item and len(items) != item["count"]:
            problems.append(f"there are {len(items)}, should be {item['count']}")
        for one in items:
            name = one["metadata"]["name"]
            if item.get("each") and (found := differences(item["each"], one)):
                problems.append(f"{name}: {'; '.join(found)}")
            if item.get("none") and not differences(item["none"], one):
                problems.append(f"{name} is like {short(item['none'])}")
        if item.get("any"):
            problems += differences([item["any"]], items, "items")
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        return "; ".join(problems[:5]) + more, [_without_noise(one) for one in items]

    def _unchanged(self, what):
        observed, error = self._get(what)
        if error:
            return error, None
        before, now = self.remembered[what], observed["metadata"]["resourceVersion"]
        return ("" if before == now else f"resourceVersion went from {before} to {now}"), _without_noise(observed)

    def _logged(self, item):
        text = self.cluster.part(item["log"]).tail(2000)
        return ("" if says(text, item["says"]) else f"the log does not say {item['says']}"), text[-1500:]

    def _exited(self, item):
        process = self.cluster.part(item["exited"])
        self.stopped_on_purpose.add(process.name)
        if process.alive():
            return "it is still running", None
        if "code" in item and process.popen.returncode != item["code"]:
            return f"its exit code is {process.popen.returncode}", process.tail(15)
        text = process.tail(200)
        return ("" if says(text, item.get("says", "")) else f"it does not say {item['says']}"), text[-1500:]

    def _scrape(self, path="/metrics", of="controller"):
        port = self.cluster.metrics_ports[self.cluster.part(of).name]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def _ready(self, name):
        try:
            return "", self._scrape("/readyz", name)
        except OSError as e:
            return f"it is not ready: {e}", None

    def _metric(self, item):
        """The sum of all series that start so: heirloom_x_total or heirloom_x_total{verb="get"."""
        try:
            text = self._scrape(of=item.get("of", "controller"))
        except OSError as e:
            return f"no metrics: {e}", None
        return self._bounds(item, metric_sum(text, item["metric"]))

    def _request_count(self):
        return metric_sum(self._scrape(), "rest_client_requests_total")

    def _requests(self, item):
        """Requests to the API server since `remember: requests`, and while `during` passes."""
        if "during" in item:
            time.sleep(seconds(item["during"]))
        return self._bounds(item, self._request_count() - self.requests_before)

    @staticmethod
    def _bounds(item, value):
        if "at_most" in item and value > item["at_most"]:
            return f"is {value:g}, should be at most {item['at_most']}", value
        if "at_least" in item and value < item["at_least"]:
            return f"is {value:g}, should be at least {item['at_least']}", value
        return "", value

    # After an external run the cluster is as before.

    def clean_up(self):
        for what in self.scenario.cleanup:
            self._remove(what)
        for path in reversed(self.applied):
            self._remove(f"-f {path}")

    def _remove(self, what):
        """What a failed step left held would fail the scenarios to come, too: its finalizers are taken away."""
        deletion = f"kubectl delete --ignore-not-found --wait=true --timeout=60s {what}"
        if self.shell.run(deletion).code == 0:
            return
        held = self.shell.run(f"kubectl get --ignore-not-found -o json {what}")
        if held.code != 0 or not held.out.strip():
            return
        held = json.loads(held.out)
        for item in held["items"] if "items" in held else [held]:
            group, _, _ = item["apiVersion"].rpartition("/")
            metadata = item["metadata"]
            name = f"{item['kind']}.{group}".rstrip(".") + f" {metadata['name']}"
            if "namespace" in metadata:
                name += f" -n {metadata['namespace']}"
            self.shell.run(f"kubectl patch {name} --type merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'")
        self.shell.run(deletion)


def metric_sum(text, prefix):
    total = 0.0
    for line in text.splitlines():
        if line.startswith(prefix) and line[len(prefix) : len(prefix) + 1] in ("{", " ", ",", "}", '"'):
            total += float(line.rsplit(" ", 1)[1])
    return total


def _without_noise(observed):
    if isinstance(observed, dict) and isinstance(observed.get("metadata"), dict):
        metadata = {k: v for k, v in observed["metadata"].items() if k not in ("managedFields", "uid", "creationTimestamp")}
        return {**observed, "metadata": metadata}
    return observed
