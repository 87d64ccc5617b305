"""What the runner prints: every command and what came back (--show), or one line per scenario."""

import json
import sys

from .matching import seconds

LINES_MAX = 12


class Quiet:
    """Keeps the story so far and prints nothing of it; a failure prints the end."""

    def __init__(self):
        self.story = []

    def line(self, text=""):
        self.story.append(text)

    def step(self, title):
        self.line()
        self.line(f"# {title}")

    def text(self, text):
        for line in text.rstrip().split("\n")[:60]:
            self.line(f"  | {line[:160]}")

    def command(self, command):
        self.line(f"$ {command}")

    def output(self, text):
        lines = text.rstrip().split("\n") if text.strip() else []
        for line in lines[:LINES_MAX]:
            self.line(f"  {line[:300]}")
        if len(lines) > LINES_MAX:
            self.line(f"  ... {len(lines) - LINES_MAX} more lines")

    def expectation(self, item, seen, took):
        verb = next(iter(item))
        time = f"[{took * 1000:.0f} ms]" if took >= 0.001 else ""
        if verb == "get":
            self.line(f"$ kubectl get {item['get']} -o json    # {time}")
            for line in outline(picked(item.get("has") or {}, seen)):
                self.line(f"  {line}")
        elif verb == "absent":
            self.line(f"$ kubectl get {item['absent']}    # {time}")
            self.line("  NotFound, as it should be")
        elif verb == "list":
            self.line(f"$ kubectl get {item['list']} -o json    # {time}")
            what = ", ".join(f"{key} {json.dumps(item[key])}" for key in ("count", "each", "any", "none") if key in item)
            self.line(f"  {len(seen)} objects; as told: {what}")
        elif verb == "unchanged":
            self.line(f"$ kubectl get {item['unchanged']} -o json")
            self.line("  resourceVersion is the same as before: untouched")
        else:
            self.line(f"  {verb} {item[verb]}: {item.get('says', '')} {json.dumps(seen)[:200] if seen else ''} {time}")
        if item.get("because"):
            self.line(f"  # {item['because']}")
        if "within" in item and verb != "log" and took > seconds(item["within"]):
            self.line(f"  (told: within {item['within']})")


class Loud(Quiet):
    """Prints as it goes; for people and for scripts/demo."""

    def line(self, text=""):
        super().line(text)
        bold = sys.stdout.isatty() and text[:1] in ("#", "$")
        print(f"\033[1m{text}\033[0m" if bold else text, flush=True)


def picked(expected, seen):
    """The part of `seen` that the scenario speaks about."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        if not expected:
            return {k: seen[k] for k in ("kind",) if k in seen} | {"metadata": {"name": seen["metadata"]["name"]}} if "metadata" in seen else seen
        return {key: picked(value, seen.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(seen, list):
        from .matching import differences

        return [picked(e, s) for e in expected for s in seen[:50] if not differences(e, s)] or seen
    return seen


def outline(value, depth=0):
    """A compact YAML-like rendering."""
    pad = "  " * depth
    lines = []
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                lines += [f"{pad}{key}:", *outline(item, depth + 1)]
            else:
                lines.append(f"{pad}{key}: {_plain(item)}")
    elif isinstance(value, list):
        for item in value:
            inner = outline(item, depth + 1)
            if isinstance(item, (dict, list)) and inner:
                lines += [f"{pad}- {inner[0].lstrip()}", *inner[1:]]
            else:
                lines.append(f"{pad}- {_plain(item)}")
    else:
        lines.append(pad + _plain(value))
    return lines


def _plain(item):
    if item is None:
        return "(absent)"
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
