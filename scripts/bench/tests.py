"""Is the arithmetic right? `python3 -B -m unittest tests` in this directory; `make test` runs it."""

import importlib.util
import math
import unittest
import xml.etree.ElementTree
from pathlib import Path

import figures
import plot
import table
import timer
from figures import Growth, Row


def bench_check():
    """The other script, whose name is none of a module."""
    spec = importlib.util.spec_from_file_location("bench_check", Path(__file__).parents[1] / "bench-check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Ratios(unittest.TestCase):
    def test_a_slow_round_is_slow_for_both(self):
        self.assertEqual(figures.ratio([2, 20, 2, 2], [1, 10, 1, 1]), 2)

    def test_rounds_have_to_match(self):
        for measured, base in (([1], [1, 2]), ([], [])):
            with self.assertRaises(ValueError):
                figures.ratio(measured, base)

    def test_a_limit_is_met_up_to_its_last_digit(self):
        row = lambda figure, limit: Row("1", "x", figure, limit).verdict()
        self.assertEqual(
            [row(1.5, 1.5), row(1.501, 1.5), row(0, 0), row(None, 1), row(2, None)],
            ["met", "missed", "met", "not measured", "for comparison"],
        )

    def test_numbers_keep_three_digits(self):
        shown = [figures.number(value) for value in (0, 0.01234, 0.5, 1.0449, 12.34, 4321.9)]
        self.assertEqual(shown, ["0", "0.0123", "0.500", "1.04", "12.3", "4,322"])


class Growths(unittest.TestCase):
    DRIVERS = (1, 10, 100, 1000, 10_000)

    def growth(self, cost, expected="linear"):
        return Growth("d", "things", expected, [(n, cost(n)) for n in self.DRIVERS])

    def test_the_exponent_is_that_of_what_grows(self):
        for power in (0.5, 1, 2):
            found = figures.exponent(self.growth(lambda n: 3 + 0.01 * n**power).points)
            self.assertAlmostEqual(found, power, delta=0.06)

    def test_kinds_are_told_apart(self):
        kinds = [self.growth(cost).kind() for cost in (lambda n: 5 + math.sin(n) / 5, lambda n: 2 + n / 100, lambda n: 2 + n * n / 1e6)]
        self.assertEqual(kinds, ["flat", "linear", "superlinear"])

    def test_one_point_above_the_fixed_cost_shows_no_kind(self):
        growth = Growth("d", "things", "linear", [(1, 1), (10, 1), (100, 1.01), (1000, 2)])
        self.assertEqual((growth.kind(), growth.verdict()), ("unclear", "not measured"))

    def test_what_should_be_flat_may_not_grow(self):
        line = lambda n: 2 + n / 100
        self.assertEqual([self.growth(line, expected).verdict() for expected in ("linear", "flat")], ["met", "missed"])
        self.assertEqual(self.growth(lambda n: n**1.5).verdict(), "missed")

    def test_one_more_costs_what_the_line_says(self):
        self.assertAlmostEqual(self.growth(lambda n: 2 + n / 100).per_unit(), 0.01)


class Tables(unittest.TestCase):
    ROWS = [Row("1", "check of ls (0.15 MB) / a static hello", 1.234, 1.5, control=1.01), Row("7", "size", 7.5, 6, "MB")]

    def test_a_line_tells_figure_limit_and_verdict(self):
        self.assertEqual(table.line(self.ROWS[0], False), "| check of ls (0.15 MB) / a static hello | 1.23 × | ≤ 1.50 × | met |\n")
        self.assertEqual(table.line(self.ROWS[1]), "| size | 7.50 MB |  | ≤ 6.00 MB | **missed** |  |\n")

    def test_all_verdicts_are_counted(self):
        growth = Growth("d", "things", "linear", [(1, 1), (10, 10), (100, 100)])
        self.assertEqual(table.tally(self.ROWS + [Row("1", "x", None, 1)], [growth]), "2 met, 1 missed, 1 not measured")

    def test_only_what_stands_between_marks_is_replaced(self):
        page = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n"
        self.assertEqual(table.between_marks(page, "x", "new\n"), "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb\n")
        with self.assertRaises(ValueError):
            table.between_marks(page, "y", "new\n")

    def test_the_plot_is_xml_with_each_driver_named(self):
        growths = [Growth("d", unit, "linear", [(1, 0.5), (1000, 20)]) for unit in ("files", "hosts")]
        root = xml.etree.ElementTree.fromstring(plot.svg(growths))
        words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertLessEqual({"files", "hosts", "1,000"}, set(words))


class Timer(unittest.TestCase):
    def test_each_round_runs_each_command_and_the_base_twice(self):
        runs = []
        commands = [timer.Command(name, ["true"], before=lambda name=name: runs.append(name)) for name in "ab"]
        rounds = timer.Rounds(commands, 3, warmups=1, bases="a")
        self.assertEqual("".join(runs), "aba" * 4)
        self.assertEqual([len(samples.cpu) for samples in rounds.samples.values()], [3, 3, 3])
        self.assertGreater(rounds.control("a", "wall"), 0)

    def test_a_command_that_fails_is_no_measurement(self):
        with self.assertRaises(SystemExit):
            timer.Rounds([timer.Command("false", ["false"])], 1)


class Instructions(unittest.TestCase):
    def compare(self, known, counted):
        lines, dearer = bench_check().compare(known, counted)
        return "\n".join(lines), dearer

    def test_more_than_a_tenth_more_fails(self):
        self.assertEqual(self.compare({"a": 100}, {"a": 110})[1], False)
        text, dearer = self.compare({"a": 100, "b": 100}, {"a": 111, "b": 100})
        self.assertTrue(dearer)
        self.assertIn("a: 111 instructions, +11.0%: DEARER", text)

    def test_more_than_a_tenth_fewer_asks_to_be_written_down(self):
        text, dearer = self.compare({"a": 100}, {"a": 89})
        self.assertFalse(dearer)
        self.assertIn("make bench-bless", text)

    def test_what_is_not_in_both_fails(self):
        self.assertTrue(self.compare({}, {"a": 1})[1])
        self.assertTrue(self.compare({"a": 1}, {})[1])

    def test_what_is_written_is_read_again(self):
        check = bench_check()
        self.assertEqual(check.read(check.written({"b": 2, "a": 1}, "rustc 1, x")), ({"a": 1, "b": 2}, "rustc 1, x"))


if __name__ == "__main__":
    unittest.main()
