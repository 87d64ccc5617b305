"""Does an observed value have what a scenario expects of it?

Expected mappings name some fields, all others are free; null means that the field is absent. An expected list must be
found in the observed one, item by item, in any order. A text between slashes is a regular expression.
"""

import re


def says(text, pattern):
    """Whether `text` contains `pattern`: a plain text, or /a regular expression/."""
    pattern = str(pattern)
    if len(pattern) > 1 and pattern[0] == pattern[-1] == "/":
        return re.search(pattern[1:-1], text, re.S) is not None
    return pattern in text


def differences(expected, actual, path=""):
    """What of `expected` is not in `actual`: one line each; nothing when all of it is there."""
    where = path or "the object"
    if expected is None:
        return [] if actual is None else [f"{where}: should be absent, is {short(actual)}"]
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [f"{where}: should have fields, is {short(actual)}"]
        return [line for key, value in expected.items() for line in differences(value, actual.get(key), _join(path, key))]
    if isinstance(expected, list):
        return _list_differences(expected, actual, where)
    if isinstance(expected, str) and len(expected) > 1 and expected[0] == expected[-1] == "/":
        if isinstance(actual, str) and says(actual, expected):
            return []
        return [f"{where}: should match {expected}, is {short(actual)}"]
    if isinstance(expected, bool) or isinstance(actual, bool) or type(expected) is str or type(actual) is str:
        same = type(expected) is type(actual) and expected == actual
    else:
        same = expected == actual
    return [] if same else [f"{where}: should be {short(expected)}, is {short(actual)}"]


def _list_differences(expected, actual, where):
    if not isinstance(actual, list):
        return [f"{where}: should be a list, is {short(actual)}"]
    if not expected:
        return [] if not actual else [f"{where}: should be empty, is {short(actual)}"]
    lines = []
    for item in expected:
        tries = [differences(item, candidate, "it") for candidate in actual]
        if [] not in tries:
            nearest = min(tries, key=len, default=["it: is not there, the list is empty"])
            lines.append(f"{where}: no item is like {short(item)} ({'; '.join(nearest)})")
    return lines


def _join(path, key):
    return f"{path}.{key}" if path else key


def short(value, limit=300):
    if value is None:
        return "absent"
    import json

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "..."


def seconds(text):
    """'250ms', '1s', '2m' as seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", str(text))
    if not match:
        raise ValueError(f"{text!r} is no duration; write 250ms, 1s or 2m")
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60}[match[2]]
