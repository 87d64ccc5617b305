#!/usr/bin/env python3
"""Replays the recorded answers of a real kube-apiserver against a fresh `heirloom apiserver`.

usage: e2e/run_transcripts.py [--binary PATH] [arguments of transcripts/replay.py]
"""

import argparse
import base64
import os
import shutil
import subprocess
import sys
import tempfile

from harness import processes, yaml_subset

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build/release/heirloom"))
    arguments, rest = parser.parse_known_args()
    folder = tempfile.mkdtemp(prefix="heirloom-transcripts-")
    cluster = processes.Cluster("split", os.path.abspath(arguments.binary), folder)
    server = cluster.part("server")
    try:
        cluster.start_part(server)
        with open(cluster.kubeconfig) as file:
            config = yaml_subset.load(file.read(), cluster.kubeconfig)
        target, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        command = [sys.executable, os.path.join(ROOT, "e2e/transcripts/replay.py"), "--server", target["server"]]
        if "certificate-authority-data" in target:
            authority = os.path.join(folder, "ca.pem")
            with open(authority, "wb") as file:
                file.write(base64.b64decode(target["certificate-authority-data"]))
            command += ["--ca-cert", authority]
        if "token" in user:
            command += ["--token", user["token"]]
        code = subprocess.run(command + rest, stdin=subprocess.DEVNULL).returncode
        server.require_alive()
        if code == 0:
            code = 1 if cluster.stop() else 0
        else:
            print(f"--- server log (end)\n{server.tail()}")
        return code
    except processes.ProcessError as e:
        print(e)
        return 1
    finally:
        cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
