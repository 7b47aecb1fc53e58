# SPDX-License-Identifier: GPL-2.0
"""Runs the unittest tests of a program and reports them as TAP."""

import argparse
import sys
import unittest


def tests(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests(item)
        else:
            yield item


def name_of(test):
    return test.id().split(".")[-1][len("test_"):]


def main(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("name", nargs="*")
    options = parser.parse_args()
    chosen = [test for test in tests(unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"])) if not options.name or name_of(test) in options.name]
    if options.list:
        print("\n".join(name_of(test) for test in chosen))
        return 0
    if not chosen:
        return 0
    print(f"TAP version 13\n1..{len(chosen)}")
    failed = 0
    for number, test in enumerate(chosen, 1):
        result = unittest.TestResult()
        test.run(result)
        troubles = result.failures + result.errors
        for _, text in troubles:
            print("\n".join(f"# {line}" for line in text.splitlines()))
        failed += bool(troubles)
        print(f"{'not ok' if troubles else 'ok'} {number} {name_of(test)}", flush=True)
    return 1 if failed else 0
