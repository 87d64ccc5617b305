"""The reader of scenario files understands what it should and says what it does not."""

import unittest

from harness import yaml_subset


class YamlSubsetTest(unittest.TestCase):
    def test_reads_blocks_flows_quotes_and_literals(self):
        text = """
a: 1 # comment
b: [x, "y z", {k: v, e: }, [1, 2.5]]
"q:r": 'it''s'
app.oam.dev/name: app1
c:
- d: |
    first
      second

    third
  e: true
- - 1
  - 2
- a text, with a comma
- kubectl: apply -f x.yaml
  fails: "/a.*b: c/"
f: {metadata: {labels: {app.oam.dev/name: app1}},
    spec: {a: b}}
g:
h: "01"
i: |-
  end
"""
        expected = {
            "a": 1,
            "b": ["x", "y z", {"k": "v", "e": None}, [1, 2.5]],
            "q:r": "it's",
            "app.oam.dev/name": "app1",
            "c": [
                {"d": "first\n  second\n\nthird\n", "e": True},
                [1, 2],
                "a text, with a comma",
                {"kubectl": "apply -f x.yaml", "fails": "/a.*b: c/"},
            ],
            "f": {"metadata": {"labels": {"app.oam.dev/name": "app1"}}, "spec": {"a": "b"}},
            "g": None,
            "h": "01",
            "i": "end",
        }
        self.assertEqual(yaml_subset.load(text), expected)

    def test_refuses_what_it_does_not_understand(self):
        for text, why in [
            ("a: 1\na: 2", "occurs twice"),
            ("a: >\n  folded", "do without"),
            ("a: &x 1", "do without"),
            ("a: [1, 2", "not closed"),
            ("a: b: c", "quotes"),
            ("a:\n  b: 1\n c: 2", "indented more"),
            ("a: 1\n\tb: 2", "tab"),
            ("a: 1\njust text", "not 'key: value'"),
        ]:
            with self.subTest(text=text), self.assertRaisesRegex(yaml_subset.YamlError, why):
                yaml_subset.load(text)


if __name__ == "__main__":
    unittest.main()
