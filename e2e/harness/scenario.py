"""A scenario: what e2e/scenarios/<name>/scenario.yaml says, checked for mistakes when it is read."""

import os
from dataclasses import dataclass, field

from . import yaml_subset
from .matching import seconds

MODES = ("standalone", "split", "external")

# Every action and expectation is a mapping with one of these verbs; the rest are its details.
ACTIONS = {
    "kubectl": {"fails", "says", "input"},
    "apply": {"fails", "says"},
    "heirloom": {"exits", "says", "within", "file_limit", "environment"},
    "stop": set(),
    "start": set(),
    "kill": set(),
    "pause": set(),
    "resume": set(),
    "write": {"text"},
    "run": {"says", "fails"},
    "remember": set(),
}
EXPECTATIONS = {
    "get": {"has", "within", "because"},
    "absent": {"within", "because"},
    "list": {"count", "each", "any", "none", "within", "because"},
    "unchanged": {"because"},
    "log": {"says", "within", "because"},
    "metric": {"of", "at_most", "at_least", "within", "because"},
    "ready": {"within", "because"},
    "requests": {"at_most", "during", "because"},
    "exited": {"says", "code", "within", "because"},
}


class ScenarioError(Exception):
    pass


@dataclass
class Step:
    title: str
    given: list
    when: list
    then: list


@dataclass
class Scenario:
    name: str
    folder: str
    about: str
    steps: list
    modes: tuple = MODES
    start: bool = True
    survives_kills: bool = True
    controllers: int = 1
    controller_args: list = field(default_factory=list)
    controller_user: str = ""
    cleanup: list = field(default_factory=list)

    def operations(self):
        return sum(len(step.given) + len(step.when) + len(step.then) for step in self.steps)


def load(folder):
    path = os.path.join(folder, "scenario.yaml")
    name = os.path.basename(os.path.normpath(folder))
    with open(path) as file:
        data = yaml_subset.load(file.read(), path)
    _known(path, data, {"about", "steps", "modes", "start", "survives_kills", "controllers", "controller_args",
                        "controller_user", "cleanup"})
    if not data.get("about") or not data.get("steps"):
        raise ScenarioError(f"{path}: needs 'about' and 'steps'")
    modes = tuple(data.get("modes") or MODES)
    if data.get("controllers", 1) != 1 and "standalone" in modes:
        raise ScenarioError(f"{path}: standalone has one controller; 'modes' must leave it out")
    for mode in modes:
        if mode not in MODES:
            raise ScenarioError(f"{path}: mode {mode!r} is none of {', '.join(MODES)}")
    return Scenario(
        name, folder, data["about"], [_step(path, step) for step in data["steps"]], modes, data.get("start", True),
        data.get("survives_kills", True), data.get("controllers", 1), data.get("controller_args") or [],
        data.get("controller_user") or "", data.get("cleanup") or [])


def _step(path, data):
    _known(path, data, {"title", "given", "when", "then"})
    if not data.get("title"):
        raise ScenarioError(f"{path}: a step has no title")
    where = f"{path}: {data['title']}"
    return Step(
        data["title"], _verbs(where, data.get("given"), ACTIONS), _verbs(where, data.get("when"), ACTIONS),
        _verbs(where, data.get("then"), EXPECTATIONS))


def _verbs(where, items, table):
    for item in items or []:
        verbs = [key for key in item if key in table]
        if len(verbs) != 1:
            raise ScenarioError(f"{where}: {item} needs exactly one of {', '.join(table)}")
        _known(where, item, {verbs[0], *table[verbs[0]]})
        if "within" in item:
            seconds(item["within"])
    return items or []


def _known(where, data, keys):
    for key in data:
        if key not in keys:
            raise ScenarioError(f"{where}: {key!r} is not known here; known are {', '.join(sorted(keys))}")
