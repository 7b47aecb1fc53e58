#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes a table, a file and a plot of the load generator's samples.

usage: report.py [--json FILE] [--svg FILE] [--title TEXT] < samples

The first repetition of each workload is discarded. A row's figures are the
medians of the others, its ratio that of the medians, its spread the range of
the ratios within repetitions, as a part of the ratio. The status is 1 if TCP
does not read as itself in a row that is judged: then nothing is judged.
"""
import argparse
import json
import statistics
import sys

# Workloads that are judged: the most that TCP may differ from itself, and the
# bar for the ratio of LTCP to TCP.
JUDGED = {
    "burst-64": (0.015, 0.92),
    "burst-1460": (0.015, 0.92),
    "burst-16k": (0.015, 0.95),
    "burst-128k": (0.015, 1.00),
    "burst-16k-nogso": (0.015, 0.92),
    "rr-1": (0.015, 0.93),
    "rr-1k": (0.015, 0.93),
    "crr": (0.015, 0.85),
    "connect-close": (0.015, 0.85),
    "mem-established": (0.01, 0.82),
    "mem-timewait": (0.01, 0.35),
    "mem-halfopen": (0.01, 0.45),
    "goodput-clean": (0.015, 1.02),
    "goodput-loss-1in100": (0.05, 1.05),
    "syn-cookie": (0.015, 0.65),
    "syn-closed-port": (0.015, 0.80),
    "ack-stray": (0.015, 0.75),
    "siege": (0.05, 1.00),
}

# Workloads of which LTCP's own figures are compared: with what, and the bar.
OWN = {"scale-100k": ("scale-100", 1.10)}

# More of the wall's time than that is worth a remark.
IDLE = 1.1


class Workload:
    """All samples of one workload."""

    def __init__(self, name, unit):
        self.name = name
        self.unit = unit
        self.values = {}  # subject -> {repetition: value}
        self.walls = {}

    def add(self, subject, repetition, value, wall):
        self.values.setdefault(subject, {})[repetition] = value
        self.walls.setdefault(subject, {})[repetition] = wall

    def counted(self, samples):
        """Repetitions that count: all but the first, if there are more."""
        return {r: v for r, v in samples.items() if r > 0 or len(samples) == 1}

    def median(self, subject):
        return statistics.median(self.counted(self.values[subject]).values())

    def idle(self, subject):
        """How much longer it took by the wall."""
        wall = statistics.median(self.counted(self.walls[subject]).values())
        busy = self.median(subject)
        return wall / busy if busy > 0 and wall > 0 else 1

    def ratio(self, subject, reference):
        """The ratio of the medians and its spread."""
        base = self.median(reference)
        if not base:
            return None, None
        ratio = self.median(subject) / base
        ours = self.counted(self.values[subject])
        theirs = self.counted(self.values[reference])
        pairs = [ours[r] / theirs[r] for r in ours if theirs.get(r)]
        spread = (max(pairs) - min(pairs)) / ratio if pairs and ratio else 0
        return ratio, spread


def read_samples(lines):
    workloads = {}
    for line in lines:
        words = line.split()
        if words[:1] == ["workload"] and len(words) == 3:
            workloads.setdefault(words[1], Workload(words[1], words[2]))
        elif words[:1] == ["sample"] and len(words) == 6:
            workloads[words[1]].add(words[2], int(words[3]), float(words[4]), float(words[5]))
    return workloads


def row(workload, peer, ltcp, reference, ratio, spread):
    return {
        "workload": workload.name,
        "peer": peer,
        "unit": workload.unit,
        "ltcp": ltcp,
        "reference": reference,
        "ratio": ratio if ratio is None else round(ratio, 4),
        "spread": spread if spread is None else round(spread, 4),
    }


def rows(workloads):
    """LTCP beside each of the others, TCP first."""
    result = []
    for w in workloads.values():
        if "ltcp" not in w.values:
            continue
        for peer in ("tcp", "udp", "unix", "pipe"):
            if peer in w.values:
                result.append(row(w, peer, w.median("ltcp"), w.median(peer), *w.ratio("ltcp", peer)))
        if w.name in OWN and OWN[w.name][0] in workloads:
            other = workloads[OWN[w.name][0]]
            ours, base = w.median("ltcp"), other.median("ltcp")
            spread = max(abs(a - b) for x in (w, other) for a in x.counted(x.values["ltcp"]).values()
                         for b in x.counted(x.values["ltcp"]).values()) / base
            result.append(row(w, "ltcp", ours, base, ours / base, spread))
    return result


def control(w):
    """What TCP reads against itself; None where it was not asked."""
    if "control" not in w.values or "tcp" not in w.values:
        return None
    return w.ratio("control", "tcp")[0]


def voids(workloads):
    """Judged rows in which TCP does not read as itself."""
    result = []
    for w in workloads.values():
        reading = control(w)
        if w.name in JUDGED and reading is not None and abs(reading - 1) > JUDGED[w.name][0]:
            result.append((w.name, reading))
    return result


def bar(name, peer):
    if peer == "tcp" and name in JUDGED:
        return JUDGED[name][1]
    if peer == "ltcp" and name in OWN:
        return OWN[name][1]
    return None


def number(value):
    if value >= 100000:
        return f"{value / 1000:.0f}k"
    if value >= 10000:
        return f"{value / 1000:.1f}k"
    return f"{value:.4g}"


def verdict(r, void):
    limit = bar(r["workload"], r["peer"])
    if limit is None or r["ratio"] is None:
        return ""
    if void:
        return f"{limit:.2f}  void"
    return f"{limit:.2f}  {'met' if r['ratio'] <= limit else 'missed'}"


def floors(w):
    """What is cheaper than either, as parts of TCP."""
    words = [f"{peer} {w.ratio(peer, 'tcp')[0]:.2f}" for peer in ("udp", "unix", "pipe")
             if peer in w.values and "tcp" in w.values]
    return ", ".join(words)


def print_table(workloads, result, void):
    line = "{:<22} {:<25} {:>9} {:>9} {:>7} {:>7}  {:<13} {:>7}  {}"
    print(line.format("workload", "unit", "LTCP", "TCP", "ratio", "spread", "bar", "TCP:TCP",
                      "floors, to TCP's"))
    for r in result:
        if r["peer"] not in ("tcp", "ltcp"):
            continue
        w = workloads[r["workload"]]
        reading = control(w)
        ratio = "-" if r["ratio"] is None else f"{r['ratio']:.3f}"
        spread = "-" if r["spread"] is None else f"{100 * r['spread']:.1f}%"
        print(line.format(
            r["workload"], r["unit"], number(r["ltcp"]), number(r["reference"]), ratio, spread,
            verdict(r, void), "" if reading is None or r["peer"] != "tcp" else f"{reading:.3f}",
            floors(w)).rstrip())
    for w in workloads.values():
        for subject in w.values:
            if w.idle(subject) > IDLE:
                print(f"note: {w.name}: {subject} took {w.idle(subject):.1f} times as long as it "
                      "was busy: it waited")


# --- the plot ------------------------------------------------------------------

ROW = 26
LEFT = 190
WIDTH = 560
MOST = 2.0


def place(ratio):
    return LEFT + min(ratio, MOST) / MOST * WIDTH


def svg(result, title):
    """Bars, one a workload; the ticks are the bars to pass."""
    shown = [r for r in result if r["peer"] in ("tcp", "ltcp") and r["ratio"] is not None]
    height = 70 + ROW * len(shown)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 90}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="22" font-size="15">{title}</text>',
    ]
    for i in range(0, 5):
        x = place(i * 0.5)
        out.append(f'<line x1="{x}" y1="44" x2="{x}" y2="{height - 12}" '
                   f'stroke="{"#444" if i == 2 else "#ddd"}"/>')
        out.append(f'<text x="{x}" y="40" text-anchor="middle" fill="#444">{i * 0.5:.1f}</text>')
    for n, r in enumerate(shown):
        y = 50 + n * ROW
        limit = bar(r["workload"], r["peer"])
        colour = "#888" if limit is None else "#2a7" if r["ratio"] <= limit else "#c63"
        out.append(f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{r["workload"]}</text>')
        out.append(f'<rect x="{LEFT}" y="{y + 2}" width="{place(r["ratio"]) - LEFT:.1f}" '
                   f'height="{ROW - 8}" fill="{colour}"/>')
        out.append(f'<text x="{place(r["ratio"]) + 6:.1f}" y="{y + 15}">{r["ratio"]:.2f}</text>')
        if limit is not None:
            out.append(f'<line x1="{place(limit):.1f}" y1="{y - 1}" x2="{place(limit):.1f}" '
                       f'y2="{y + ROW - 3}" stroke="black" stroke-width="2"/>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--svg")
    parser.add_argument("--title", default="LTCP to TCP, lower is better")
    args = parser.parse_args()

    workloads = read_samples(sys.stdin)
    result = rows(workloads)
    void = voids(workloads)
    print_table(workloads, result, void)
    if args.svg:
        with open(args.svg, "w", encoding="utf-8") as file:
            file.write(svg(result, args.title))
    if void:
        for name, reading in void:
            print(f"void: {name}: TCP against itself reads {reading:.3f}")
        print("Nothing of this run can be judged.")
        return 1
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
