"""Every scenario can be read, and mistakes in one are told by name."""

import os
import tempfile
import time
import unittest

from harness import matching, player, processes, scenario

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenarios")


class ScenarioTest(unittest.TestCase):
    def test_every_scenario_can_be_read(self):
        for name in os.listdir(FOLDER):
            with self.subTest(name=name):
                self.assertGreater(scenario.load(os.path.join(FOLDER, name)).operations(), 0)

    def test_mistakes_are_named(self):
        for text, why in [
            ("steps: []", "needs 'about'"),
            ("about: a\nsteps:\n- when: []", "no title"),
            ("about: a\nsteps:\n- title: t\n  wen: []", "'wen' is not known"),
            ("about: a\nsteps:\n- title: t\n  when:\n  - kubctl: x", "exactly one of"),
            ("about: a\nsteps:\n- title: t\n  then:\n  - get: x\n    whithin: 1s", "'whithin' is not known"),
            ("about: a\nmodes: [cloud]\nsteps:\n- title: t", "'cloud'"),
            ("about: a\ncontrollers: 2\nsteps:\n- title: t", "standalone has one controller"),
        ]:
            with self.subTest(text=text), tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "scenario.yaml"), "w") as file:
                    file.write(text + "\n")
                with self.assertRaisesRegex(scenario.ScenarioError, why):
                    scenario.load(folder)


class ProcessTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def counting(self):
        """A program that adds a line to its log again and again."""
        process = processes.Process("count", ["bash", "-c", "while echo line; do sleep 0.01; done"],
                                    os.path.join(self.folder, "log"))
        process.start()
        self.addCleanup(process.kill)
        return process

    def lines_while(self, process, wanted, limit=20):
        deadline = time.monotonic() + limit
        while len(process.tail(100000)) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        return len(process.tail(100000))

    def test_a_paused_program_does_nothing_until_it_is_resumed(self):
        process = self.counting()
        self.assertGreater(self.lines_while(process, 50), 0)
        process.pause()
        with open(f"/proc/{process.popen.pid}/stat") as file:
            self.assertEqual(file.read().rsplit(")", 1)[1].split()[0], "T")
        self.assertTrue(process.alive())
        before = len(process.tail(100000))
        process.resume()
        self.assertGreater(self.lines_while(process, before + 50), before)

    def test_several_controllers_have_names_logs_and_ports_of_their_own(self):
        cluster = processes.Cluster("split", "heirloom", self.folder, ["--x"], controllers=2)
        self.assertEqual(list(cluster.parts), ["apiserver", "controller", "controller-2"])
        self.assertEqual(len({p.log for p in cluster.parts.values()}), 3)
        self.assertNotEqual(cluster.metrics_ports["controller"], cluster.metrics_ports["controller-2"])
        self.assertIn("--x", cluster.part("controller-2").arguments)


class MatchingTest(unittest.TestCase):
    def test_what_is_expected_must_be_there(self):
        actual = {"a": {"b": "text", "n": 1}, "l": [{"k": 1, "v": "x"}, {"k": 2}], "t": True}
        for expected, fits in [
            ({}, True),
            ({"a": {"b": "text"}}, True),
            ({"a": {"b": "other"}}, False),
            ({"a": {"b": "/^te.t$/"}}, True),
            ({"a": {"b": "/^x/"}}, False),
            ({"a": {"c": None}}, True),
            ({"a": None}, False),
            ({"l": [{"k": 2}, {"k": 1}]}, True),
            ({"l": [{"k": 3}]}, False),
            ({"l": []}, False),
            ({"a": {"n": "1"}}, False),
            ({"t": 1}, False),
            ({"missing": []}, False),
        ]:
            with self.subTest(expected=expected):
                self.assertEqual(matching.differences(expected, actual) == [], fits)

    def test_durations(self):
        self.assertEqual(matching.seconds("250ms"), 0.25)
        self.assertEqual(matching.seconds("2m"), 120)
        self.assertRaises(ValueError, matching.seconds, "soon")

    def test_metrics_are_summed_over_their_labels(self):
        text = '# HELP x\nx_total{verb="get"} 2\nx_total{verb="put"} 3\nx_total_other 7\n'
        self.assertEqual(player.metric_sum(text, "x_total"), 5)
        self.assertEqual(player.metric_sum(text, 'x_total{verb="get"'), 2)


if __name__ == "__main__":
    unittest.main()
