#!/usr/bin/env python3
"""Whole-process measurements of a controller against any API server: requests, latency, memory.

usage: KUBECONFIG=... bench/system.py --binary build/release/heirloom [--objects 10000] [--audit FILE]

Starts `heirloom controller --resync 24h` itself, installs the CRDs, and cleans up after itself. Requests are counted in
the controller's own /metrics (rest_client_requests_total, without watches); with --audit also in a kube-apiserver's
audit log, by user agent. Latencies are seen by a client over `kubectl proxy`: from the answer to the disturbing write
to the event that shows it mended. Python 3 standard library and kubectl only.
"""
import argparse
import collections
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMESPACE = "heirloom-bench"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def kubectl(*args, text=None):
    done = subprocess.run(["kubectl", *args], input=text, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


class Api:
    """A plain client through kubectl proxy."""

    def __init__(self):
        self.port = free_port()
        self.process = subprocess.Popen(["kubectl", "proxy", f"--port={self.port}"], stdout=subprocess.DEVNULL)
        wait_for("kubectl proxy", lambda: self._alive())

    def _alive(self):
        try:
            return self.call("GET", "/version")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": kind})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, json.loads(data) if data[:1] == b"{" else data

    def must(self, method, path, body=None, kind="application/json"):
        code, answer = self.call(method, path, body, kind)
        if code >= 300:
            sys.exit(f"{method} {path}: {code} {answer}")
        return answer

    def seconds_until(self, path, disturb, mended):
        """Opens a watch on path, disturbs, and gives the time from the disturbance's answer to the mended event."""
        listing = self.must("GET", path)
        version = listing["metadata"]["resourceVersion"]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        separator = "&" if "?" in path else "?"
        connection.request("GET", f"{path}{separator}watch=true&resourceVersion={version}")
        stream = connection.getresponse()
        disturb()
        begin = time.perf_counter()
        while True:
            event = json.loads(stream.readline())
            if mended(event):
                connection.close()
                return time.perf_counter() - begin


def wait_for(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"gave up waiting for {what}")
        time.sleep(0.05)


class Controller:
    def __init__(self, binary, folder):
        self.port = free_port()
        self.log = open(os.path.join(folder, "controller.log"), "w")
        self.process = subprocess.Popen(
            [binary, "controller", "--resync", "24h", "--metrics-listen", f"127.0.0.1:{self.port}"], stderr=self.log)
        wait_for("the controller", self.ready)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def requests(self):
        counts = collections.Counter()
        for line in self.get("/metrics")[1].splitlines():
            match = re.match(r"rest_client_requests_total\{(.*)\} ([0-9.e+]+)", line)
            if not match:
                continue
            labels = dict(re.findall(r'(\w+)="([^"]*)"', match[1]))
            if labels.get("verb") != "watch":
                counts[f"{labels.get('verb')} {labels.get('resource')}"] += int(float(match[2]))
        return counts

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()


def application(name, objects, policies=()):
    component = {"name": "objects", "type": "k8s-objects", "properties": {"objects": objects}}
    return {"apiVersion": "core.oam.dev/v1beta1", "kind": "Application",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"components": [component], "policies": list(policies)}}


def config_map(name, value="x", size=0):
    data = {"value": value}
    if size:
        data["filler"] = "f" * size
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


class Bench:
    APPLICATIONS = f"/apis/core.oam.dev/v1beta1/namespaces/{NAMESPACE}/applications"
    CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"

    def __init__(self, api, controller, audit):
        self.api, self.controller, self.audit = api, controller, audit

    def phase(self, name):
        code, app = self.api.call("GET", f"{self.APPLICATIONS}/{name}")
        return app.get("status", {}).get("status") if code == 200 else None

    def observed(self, name):
        app = self.api.must("GET", f"{self.APPLICATIONS}/{name}")
        status = app.get("status", {})
        return status.get("observedGeneration") == app["metadata"]["generation"] and status.get("status") == "running"

    def audited(self, offset):
        count = 0
        with open(self.audit) as log:
            log.seek(offset)
            for line in log:
                entry = json.loads(line)
                count += entry.get("userAgent", "").startswith("heirloom/") and entry["verb"] != "watch"
        return count

    def counted(self, title, act, settled, quiet=1.5):
        before, offset = self.controller.requests(), os.path.getsize(self.audit) if self.audit else 0
        act()
        wait_for(title, settled)
        time.sleep(quiet)  # Events and the collection of what is old come after the status
        spent = self.controller.requests() - before
        told = f" (audit log: {self.audited(offset)})" if self.audit else ""
        detail = ", ".join(f"{n} {what}" for what, n in sorted(spent.items()))
        print(f"{title:45} {sum(spent.values()):6} requests{told}: {detail}", flush=True)

    def post(self, app):
        self.api.must("POST", self.APPLICATIONS, app)

    def put(self, app):
        self.api.must("PATCH", f"{self.APPLICATIONS}/{app['metadata']['name']}", {"spec": app["spec"]},
                      "application/merge-patch+json")

    def delete(self, name):
        self.api.must("DELETE", f"{self.APPLICATIONS}/{name}")

    def gone(self, name):
        return self.api.call("GET", f"{self.APPLICATIONS}/{name}")[0] == 404

    def request_counts(self):
        self.post(application("warm", [config_map("warm")]))
        wait_for("warm-up", lambda: self.observed("warm"))
        for n in (2, 10):
            name = f"app{n}"
            objects = [config_map(f"{name}-{i}") for i in range(n)]
            self.counted(f"apply an application of {n} objects", lambda: self.post(application(name, objects)),
                         lambda: self.observed(name))
        edited = [config_map("app2-0", "edited"), config_map("app2-1")]
        self.counted("edit one of 2 objects", lambda: self.put(application("app2", edited)),
                     lambda: self.observed("app2"))
        self.counted("unchanged, 10 s", lambda: time.sleep(10), lambda: True)
        for n in (2, 10):
            self.counted(f"delete an application of {n} objects", lambda: self.delete(f"app{n}"),
                         lambda: self.gone(f"app{n}"))

    def latencies(self, runs):
        self.post(application("latency", [config_map("latency")]))
        wait_for("latency", lambda: self.observed("latency"))
        path = f"{self.CONFIG_MAPS}/latency"
        merge = "application/merge-patch+json"

        def edit():
            self.api.must("PATCH", path, {"data": {"value": "drift"}}, merge)

        def remove():
            self.api.must("DELETE", path)

        # Every run waits a while: a quick series of repairs is taken for a fight.
        for title, disturb in (("edited object repaired", edit), ("deleted object made again", remove)):
            times = []
            for _ in range(runs):
                times.append(self.api.seconds_until(
                    f"{self.CONFIG_MAPS}?fieldSelector=metadata.name%3Dlatency", disturb,
                    lambda e: e["type"] in ("ADDED", "MODIFIED") and e["object"]["data"]["value"] == "x"))
                time.sleep(4)
            self.report(title, times)
        self.delete("latency")
        wait_for("latency gone", lambda: self.gone("latency"))

        policy = [{"type": "shared-resource", "properties": {"rules": [{"selector": {"resourceTypes": ["ConfigMap"]}}]}}]
        times = []
        for run in range(runs):
            for name in ("owner", "heir"):
                self.post(application(f"{name}{run}", [config_map(f"shared{run}", name)], policy))
                wait_for(name, lambda: self.observed(f"{name}{run}"))
            times.append(self.api.seconds_until(
                f"{self.CONFIG_MAPS}?fieldSelector=metadata.name%3Dshared{run}", lambda: self.delete(f"owner{run}"),
                lambda e: e["type"] == "MODIFIED" and e["object"]["data"]["value"] == "heir"))
            self.delete(f"heir{run}")
        self.report("owner deleted, heir's content asserted", times)

    @staticmethod
    def report(title, times):
        ms = sorted(1000 * t for t in times)
        print(f"{title:45} median {statistics.median(ms):7.1f} ms, worst {ms[-1]:7.1f} ms of {len(ms)}", flush=True)

    def memory(self, objects):
        per_app = 100
        before = self.controller.rss_kib()
        begin = time.monotonic()
        names = [f"bulk{i}" for i in range(objects // per_app)]
        for name in names:
            self.post(application(name, [config_map(f"{name}-{i}", size=700) for i in range(per_app)]))
        for name in names:
            wait_for(name, lambda: self.phase(name) == "running", 1800)
        spent = time.monotonic() - begin
        time.sleep(35)  # freed memory goes back to the system every 30 s
        after = self.controller.rss_kib()
        print(f"{objects} objects of about 1 KiB in {len(names)} applications: {spent:.0f} s to running, "
              f"{(after - before) * 1024 / objects:.0f} bytes of controller memory an object "
              f"(RSS {before // 1024} -> {after // 1024} MiB)", flush=True)
        self.counted("the same, unchanged, 10 s", lambda: time.sleep(10), lambda: True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build/release/heirloom"))
    parser.add_argument("--objects", type=int, default=0, help="also measure memory with so many objects")
    parser.add_argument("--runs", type=int, default=10, help="of each latency")
    parser.add_argument("--audit", help="audit log of the API server")
    options = parser.parse_args()
    kubectl("apply", "-f", os.path.join(ROOT, "apis/crds"))
    with tempfile.TemporaryDirectory() as folder:
        api, controller = Api(), None
        try:
            api.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
            controller = Controller(options.binary, folder)
            bench = Bench(api, controller, options.audit)
            bench.request_counts()
            bench.latencies(options.runs)
            if options.objects:
                bench.memory(options.objects)
            kubectl("delete", "applications", "--all", "-n", NAMESPACE, "--wait=true", "--timeout=600s")
            kubectl("delete", "namespace", NAMESPACE, "--wait=false")
        finally:
            if controller:
                controller.stop()
            api.process.terminate()


if __name__ == "__main__":
    main()
