"""Reads the YAML that scenario files are written in.

Python's standard library has no YAML reader, and the runner must not need more than that. Understood: block and flow
mappings and sequences, plain, single- and double-quoted scalars, literal blocks (|), comments. Not understood, and
said so: anchors, tags, folded blocks (>), several documents. Manifests go to kubectl untouched, never through here.
"""

import json
import re


class YamlError(Exception):
    pass


def load(text, name="yaml"):
    parser = _Parser(text, name)
    value = parser.block(parser.indent())
    if parser.at < len(parser.lines):
        parser.fail("does not belong to what precedes it (wrong indentation?)")
    return value


_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#\[\]{},"'&*!|>%@`][^#]*?|-[^\s#][^#]*?)\s*:(?=\s|$)""")
_INTEGER = re.compile(r"[-+]?\d+$")
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?$")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


def _scalar(text):
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text


class _Parser:
    def __init__(self, text, name):
        self.name = name
        self.all = text.split("\n")
        # Line numbers of the lines that carry something.
        self.lines = [n for n, line in enumerate(self.all) if line.strip() and not line.lstrip().startswith("#")]
        self.at = 0

    def fail(self, why):
        n = self.lines[min(self.at, len(self.lines) - 1)] if self.lines else 0
        raise YamlError(f"{self.name}:{n + 1}: {why}: {self.all[n].strip()!r}")

    def text(self):
        return self.all[self.lines[self.at]]

    def indent(self):
        if self.at >= len(self.lines):
            return -1
        line = self.text()
        if "\t" in line[: len(line) - len(line.lstrip())]:
            self.fail("is indented with a tab")
        return len(line) - len(line.lstrip())

    def block(self, indent):
        if self.at >= len(self.lines) or indent < 0:
            return None
        body = self.text().strip()
        if body == "-" or body.startswith("- "):
            return self.sequence(indent)
        if _KEY.match(body):
            return self.mapping(indent)
        return self.value(body, indent)

    def sequence(self, indent):
        items = []
        while self.indent() == indent and (self.text().strip() == "-" or self.text().lstrip().startswith("- ")):
            n = self.lines[self.at]
            rest = self.text()[indent + 1 :]
            inner = rest.strip()
            if not inner or inner.startswith("#"):
                self.at += 1
                items.append(self.block(self.indent()) if self.indent() > indent else None)
            elif _KEY.match(inner) or inner.startswith("- "):
                # "- key: value": the mapping starts where its key stands.
                self.all[n] = " " * (indent + 1) + rest
                items.append(self.block(self.indent()))
            else:
                items.append(self.value(inner, indent))
        return items

    def mapping(self, indent):
        result = {}
        while self.indent() == indent:
            body = self.text().strip()
            match = _KEY.match(body)
            if not match:
                if body.startswith("-"):
                    break
                self.fail("is not 'key: value'")
            key = match.group(1)
            key = _quoted(key, self) if key[0] in "\"'" else key
            if key in result:
                self.fail(f"key {key!r} occurs twice")
            rest = body[match.end() :].strip()
            if not rest or rest.startswith("#"):
                self.at += 1
                deeper = self.indent() > indent
                listed = self.indent() == indent and self.text().lstrip().startswith("-")
                result[key] = self.block(self.indent()) if deeper or listed else None
            else:
                result[key] = self.value(rest, indent)
        if self.indent() > indent:
            self.fail("is indented more than its neighbours")
        return result

    def value(self, rest, indent):
        """A value that starts in the current line."""
        if rest[0] == "|":
            return self.literal(rest, indent)
        if rest[0] in ">&*!":
            self.fail("uses YAML that scenario files do without")
        if rest[0] in "[{\"'":
            text = rest
            while True:
                flow = _Flow(text, self)
                try:
                    value = flow.value()
                    flow.end()
                    break
                except EOFError:
                    self.at += 1
                    if self.at >= len(self.lines):
                        self.at -= 1
                        self.fail("is not closed")
                    text += " " + self.text().strip()
            self.at += 1
            return value
        plain = re.split(r"\s+#", rest)[0].strip()
        if ": " in plain or plain.endswith(":"):
            self.fail("needs quotes around a value with ': '")
        self.at += 1
        return _scalar(plain)

    def literal(self, rest, indent):
        first = self.lines[self.at] + 1
        end = first
        while end < len(self.all):
            line = self.all[end]
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                break
            end += 1
        body = self.all[first:end]
        while body and not body[-1].strip():
            body.pop()
        margin = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
        while self.at < len(self.lines) and self.lines[self.at] < end:
            self.at += 1
        text = "\n".join(line[margin:] for line in body)
        return text if rest.startswith("|-") else text + "\n"


def _quoted(text, parser):
    flow = _Flow(text, parser)
    return flow.quoted()


class _Flow:
    def __init__(self, text, parser):
        self.text, self.at, self.parser = text, 0, parser

    def peek(self):
        while self.at < len(self.text) and self.text[self.at] == " ":
            self.at += 1
        if self.at >= len(self.text):
            raise EOFError
        return self.text[self.at]

    def end(self):
        rest = self.text[self.at :].strip()
        if rest and not rest.startswith("#"):
            self.parser.fail(f"has {rest!r} after its end")

    def value(self):
        c = self.peek()
        if c == "[":
            return self.items()
        if c == "{":
            return self.pairs()
        if c in "\"'":
            return self.quoted()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in ",]}":
            if self.text[self.at] == ":" and self.text[self.at + 1 : self.at + 2] in ("", " "):
                break
            self.at += 1
        return _scalar(self.text[start : self.at].strip())

    def items(self):
        self.at += 1
        result = []
        while self.peek() != "]":
            result.append(self.value())
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != "]":
                self.parser.fail("needs ',' or ']'")
        self.at += 1
        return result

    def pairs(self):
        self.at += 1
        result = {}
        while self.peek() != "}":
            c = self.peek()
            key = self.quoted() if c in "\"'" else str(self.value())
            if self.peek() != ":":
                self.parser.fail(f"needs ':' after {key!r}")
            self.at += 1
            result[key] = None if self.peek() in ",}" else self.value()
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != "}":
                self.parser.fail("needs ',' or '}'")
        self.at += 1
        return result

    def quoted(self):
        quote = self.peek()
        start = self.at
        self.at += 1
        if quote == "'":
            out = ""
            while True:
                end = self.text.find("'", self.at)
                if end < 0:
                    raise EOFError
                out += self.text[self.at : end]
                self.at = end + 1
                if self.text[self.at : self.at + 1] != "'":
                    return out
                out += "'"
                self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise EOFError
        self.at += 1
        try:
            return json.loads(self.text[start : self.at])
        except ValueError:
            self.parser.fail("has a bad escape in a quoted text")
