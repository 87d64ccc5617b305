#!/usr/bin/env python3
"""POSTs a file as it is to the API server of KUBECONFIG: what kubectl would not send. Prints "<code> <message>".

usage: post.py PATH CONTENT_TYPE FILE        exit code 0 when the answer is 2xx, else 1
"""

import base64
import http.client
import json
import os
import ssl
import sys
import tempfile
import urllib.parse

from harness import yaml_subset


def data_or_file(section, key):
    """The bytes of `key`-data, or of the file that `key` names; None when there is neither."""
    if f"{key}-data" in section:
        return base64.b64decode(section[f"{key}-data"])
    if key in section:
        with open(section[key], "rb") as file:
            return file.read()
    return None


def temporary(data):
    file = tempfile.NamedTemporaryFile(suffix=".pem", delete=False)
    file.write(data)
    file.close()
    return file.name


def connection(path):
    with open(path) as file:
        config = yaml_subset.load(file.read(), path)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    server = urllib.parse.urlsplit(cluster["server"])
    if server.scheme == "http":
        return http.client.HTTPConnection(server.hostname, server.port, timeout=30), user.get("token")
    context = ssl.create_default_context()
    authority = data_or_file(cluster, "certificate-authority")
    if authority:
        context.load_verify_locations(cadata=authority.decode())
    certificate, key = (data_or_file(user, f"client-{what}") for what in ("certificate", "key"))
    if certificate:
        names = [temporary(certificate), temporary(key)]
        context.load_cert_chain(*names)
        for name in names:
            os.remove(name)
    return http.client.HTTPSConnection(server.hostname, server.port, context=context, timeout=30), user.get("token")


def main():
    path, content_type, file = sys.argv[1:]
    with open(file, "rb") as body:
        data = body.read()
    client, token = connection(os.environ["KUBECONFIG"])
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    client.request("POST", path, data, headers)
    answer = client.getresponse()
    text = answer.read().decode(errors="replace")
    try:
        text = json.loads(text).get("message", text)
    except ValueError:
        pass
    print(answer.status, text[:2000])
    return 0 if 200 <= answer.status < 300 else 1


if __name__ == "__main__":
    sys.exit(main())
