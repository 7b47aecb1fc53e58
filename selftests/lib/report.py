#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Reads the nested TAP of selftests/run and prints what a person wants to see.

usage: report.py RUN-NAME PROGRAMS RESULTS < tap

PROGRAMS are how many programs the run has; one line a test is appended to the
file RESULTS: verdict, name, reason, separated by tabs.
"""
import re
import sys
import time

RESULT = re.compile(r"(ok|not ok)\b\s*(\d+)?\s*(?:-\s+)?(.*)$")
DIRECTIVE = re.compile(r"^(.*?)\s*#\s*(SKIP|XFAIL|TODO)\b:?\s*(.*)$", re.IGNORECASE)
TITLE = re.compile(r"selftests: [^:]+: (.*)$")


class Program:
    def __init__(self, name):
        self.name = name
        self.plan = None
        self.results = []  # (verdict, test, reason)
        self.output = []  # lines since the last result
        self.since = time.monotonic()


class Report:
    def __init__(self, run, programs, results):
        self.run = run
        self.left = programs
        self.results = results
        self.program = None

    def record(self, verdict, test, reason=""):
        self.results.write(f"{verdict}\t{self.run}: {test}\t{reason}\n")

    def show_output(self, lines):
        lines = [line for line in lines if not re.match(r"# +(RUN|OK) ", line)]
        for line in lines[-60:]:
            print(f"      {line}")

    def nested(self, line):
        program = self.program
        plan = re.match(r"1\.\.(\d+)", line)
        if plan:
            count = int(plan.group(1))
            program.plan = (program.plan or 0) + count
            reason = re.search(r"# *SKIP *(.*)", line, re.IGNORECASE)
            if count == 0 and reason:
                program.results.append(("skip", program.name, reason.group(1)))
            return
        result = RESULT.match(line)
        if not result:
            if not line.startswith("TAP version"):
                program.output.append(line)
            return
        verdict, number, text = result.groups()
        directive = DIRECTIVE.match(text)
        reason = ""
        if directive:
            name, kind, reason = directive.groups()
            if not name:
                name, reason = reason, ""
            verdict = "skip"
            if kind.upper() == "XFAIL":
                reason = "expected to fail" + (f": {reason}" if reason else "")
            text = name
        else:
            verdict = "pass" if verdict == "ok" else "fail"
        test = f"{program.name}: {text or number}"
        program.results.append((verdict, test, reason))
        if verdict == "fail":
            print(f"  FAILED {test}")
            self.show_output(program.output)
        program.output = []

    def begin(self, name):
        self.end("broke off")
        self.program = Program(name)

    def end(self, trouble):
        """The program is over; trouble says what its exit status told."""
        program = self.program
        if not program:
            return
        self.program = None
        self.left -= 1
        ran = len(program.results)
        failed = sum(r[0] == "fail" for r in program.results)
        planned = program.plan
        if trouble == "simple":
            trouble = ""
        elif planned is None and not trouble:
            trouble = "printed no plan"
        elif planned and planned != ran:
            trouble = f"{ran} of {planned} tests ran" + (f", {trouble}" if trouble else "")
        elif trouble.startswith("exit=") and failed:
            trouble = ""
        if trouble == "SKIP":
            trouble = ""
            if not ran:
                program.results.append(("skip", program.name, "; ".join(program.output)))
        elif trouble:
            program.results.append(("fail", program.name, trouble))
            print(f"  FAILED {program.name}: {trouble}")
            self.show_output(program.output)
        self.summary(program)

    def summary(self, program):
        counts = {"pass": 0, "fail": 0, "skip": 0}
        for verdict, test, reason in program.results:
            counts[verdict] += 1
            self.record(verdict, test, reason)
        words = [f"{n} {word}" for n, word in ((counts["pass"], "passed"), (counts["fail"], "failed"),
                                                (counts["skip"], "skipped")) if n]
        took = f"  ({time.monotonic() - program.since:.0f} s)"
        print(f"  {program.name:<40} {', '.join(words) or 'no tests'}{took}", flush=True)

    def module_checks(self, verdict):
        program = self.program
        name = program.name
        program.results = [("pass" if verdict == "ok" else "fail", name, "")]
        if verdict != "ok":
            print(f"  FAILED {name}")
            self.show_output(program.output)
        self.program = None
        self.left -= 1
        self.summary(program)

    def line(self, line):
        title = re.match(r"# selftests: [^:]+: (.*)$", line)
        if title:
            self.begin(title.group(1))
            return
        if line.startswith("#") and self.program:
            self.nested(line[2:])
            return
        result = RESULT.match(line)
        title = result and TITLE.match(result.group(3))
        if not title or not self.program:
            if not re.match(r"TAP version|1\.\.\d+$", line):
                print(f"  | {line}")
            return
        if self.program.name.startswith("module unloads"):
            self.module_checks(result.group(1))
            return
        reason = ""
        if "#" in title.group(1):
            reason = title.group(1).split("#", 1)[1].strip()
        self.end(reason if result.group(1) == "not ok" or reason == "SKIP" else "")

    def finish(self):
        self.end("broke off")
        if self.left > 0:
            print(f"  FAILED: {self.left} of the run's programs did not end")
            for _ in range(self.left):
                self.record("fail", "a program that did not run", "the run broke off")


def main():
    run, programs, path = sys.argv[1:]
    with open(path, "a", encoding="utf-8") as results:
        report = Report(run, int(programs), results)
        for raw in sys.stdin.buffer:
            report.line(raw.decode("utf-8", "replace").rstrip("\r\n"))
        report.finish()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
