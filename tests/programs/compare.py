#!/usr/bin/env python3
"""compare.py SHELL [--count N] [--seed N]: our shell against another one (dash) on random scripts.

For whoever changes the shell; not a part of `make test`. Shows every script on which what is printed, or the status,
differs. Where POSIX leaves things open, the scripts keep away: $@ and $* with an operator, redirections that fail,
`local` outside of functions, endless recursion. Some loops have no end; both shells are then stopped.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import native

VALUES = ["''", "a", "'a b'", "' a  b '", "'*'", "'a:b'", "':a:'", "'x*y'", "'[a]'", "'a\\b'", "'~'", "'-n'", '"it\'s"', "'\"'",
          "'a\tb'", "'::'", "'?'", "'\\*'", None]  # fmt: skip
NAMES = ["v", "w", "e", "u", "1", "2", "@", "*", "#", "?"]
SHOW = "show() { printf '%d:' $#; for s_ in \"$@\"; do printf '<%s>' \"$s_\"; done; printf '\\n'; }\n"
SIMPLE = [
    "true", "false", "echo a", "echo $?", "(exit 3)", "x=$(false)", "x=$(echo q)", "! true", "! false", ":", "sh -c 'exit 4'",
    "test $n = 1", "n=$((n+1))", "eval false", "echo $x$n", "[ $n -lt 2 ]", "export x", "y=1 true", "echo e >&2", "true >o1",
    "{ echo r; } >o2; cat o2", "wait", "command false", "unset x", "trap 'echo T$?' EXIT", "set +e", "set -e", 'echo "$*"', "echo $#",
]  # fmt: skip
CALLS = ["f", "g", "x=2 f", "x=3 g"]


class Words:
    """Scripts about quoting and expansion."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def several(self, make, most):
        return [make() for _ in range(self.random.randint(1, most))]

    def piece(self, depth, quoted):
        pick, kind = self.random.choice, self.random.randint(0, 9)
        if kind < 3:
            return pick(["a", "b", "xy", "1", "-", "/", ":", ".", "=", "~"])
        if kind == 3 and not quoted:
            return "'" + pick(["a b", "*", "$v", "\\", '"', "", " ", "}"]) + "'"
        if kind == 4 and not quoted:
            return '"' + self.word(depth + 1, True) + '"'
        if kind == 5:
            return "\\" + pick(["a", "$", "\\", '"', "`"] + ([] if quoted else [" ", "*", "'"]))
        if kind in (6, 7):
            return self.parameter(depth + 1, quoted)
        if kind == 8 and depth < 3:
            return "$(" + self.command(depth + 1) + ")"
        return pick(["*", "?", "a*", "[ab]", " " if quoted else "c"])

    def word(self, depth, quoted=False):
        return "".join(self.several(lambda: self.piece(depth, quoted), 3))

    def parameter(self, depth, quoted):
        pick, kind = self.random.choice, self.random.randint(0, 9)
        name = pick(NAMES)
        if kind < 4 or depth > 3 or name in "@*#?":
            return pick(["$" + name, "${" + name + "}"])
        if kind == 4:
            return "${#" + name + "}"
        if kind < 8:
            return "${" + name + pick([":-", "-", ":+", "+"]) + self.word(depth, quoted).replace("}", "") + "}"
        return "${" + name + pick(["#", "##", "%", "%%"]) + self.pattern() + "}"

    def pattern(self):
        return "".join(self.several(lambda: self.random.choice(list("ab*?:x") + ["[ab]", "[!a]", "'*'", "\\*", '"b"']), 3))

    def arithmetic(self, depth=0):
        pick, kind = self.random.choice, self.random.randint(0, 6)
        if kind < 2 or depth > 3:
            return pick(["1", "2", "7", "0", "n", "$n", "-3", "010", "0xf", "(4)"])
        parts = [self.arithmetic(depth + 1) for _ in range(3)]
        if kind < 6:
            return f"{parts[0]} {pick('+ - * & | ^ < > <= >= == != && || << >>'.split())} {parts[1]}"
        return f"({parts[0]} ? {parts[1]} : {parts[2]})"

    def command(self, depth):
        kind = self.random.randint(0, 7)
        if kind < 4:
            return "show " + " ".join(self.several(lambda: self.word(depth), 3))
        if kind == 4:
            return "echo $(( " + self.arithmetic() + " ))"
        if kind == 5:
            return f"case {self.word(depth)} in {self.pattern()}) echo y1;; {self.word(depth)}) echo y2;; *) echo n;; esac"
        if kind == 6:
            return f'for i in {self.word(depth)} {self.word(depth)}; do show "$i" $i; done'
        return "x=" + self.word(depth).replace("$@", "").replace("${@}", "") + '; show "$x" $x'

    def script(self):
        pick = self.random.choice
        lines = [SHOW + ": > a; : > b; : > xy; : > ab"]
        for name in ("v", "w"):
            value = pick(VALUES)
            lines.append(f"unset {name}" if value is None else f"{name}={value}")
        lines.append(f"e=; unset u; n={self.random.randint(-5, 20)}")
        lines.append(pick([":", ":", "IFS=:", "IFS=", "IFS=' :'", "IFS=a"]))
        lines.append(pick(["set --", "set -- 'p q' r", "set -- ''", "set -- a '' c"]))
        return "\n".join([*lines, self.command(0)]) + "\n"


class Flow:
    """Scripts about control: what runs, in which order, with which status."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.in_function = False

    def simple(self):
        return self.random.choice(SIMPLE if self.in_function else SIMPLE + CALLS)

    def body(self, depth):
        statements = [self.statement(depth + 1) for _ in range(self.random.randint(1, 3))]
        return self.random.choice(["; ", "\n"]).join(statements)

    def statement(self, depth):
        pick, kind = self.random.choice, self.random.randint(0, 13)
        if depth > 2 or kind < 4:
            return self.simple()
        one, two, three = (self.body(depth) for _ in range(3))
        leave = pick(["", "break; ", "continue; ", "[ $i = 2 ] && break; ", "break 2; ", "[ $i = 1 ] && continue; ", "continue 2; "])
        return [
            self.statement(depth + 1) + " && " + self.statement(depth + 1),
            self.statement(depth + 1) + " || " + self.statement(depth + 1),
            f"if {one}; then {two}{pick(['', '; else ' + three])}; fi",
            f"for i in 1 2 3; do {one}; {leave}echo i$i; done",
            f"( {one}{pick(['', '; exit 5', '; exit'])} )",
            f"{{ {one}; }}",
            f"case $n in {pick(['0', '1', '*', '[01]'])}) {one};; *) {two};; esac",
            f"c=0; while [ $c -lt 2 ]; do c=$((c+1)); {one}; done",
            f"! {{ {one}; }}",
            pick([f"echo p | {{ {one}; }}", f"{{ {one}; }} | cat"]),
        ][kind - 4]

    def script(self):
        self.in_function = True
        f, g = self.body(2), self.body(2)
        self.in_function = False
        lines = ["n=0; set -- p q r", self.random.choice(["set -e", ":", ":", "set -u; x="])]
        lines.append(f"f() {{ {f}{self.random.choice(['', '; return 2', '; return'])}; }}\ng() {{ {g}; }}")
        lines += [self.statement(0) for _ in range(self.random.randint(1, 2))]
        return "\n".join([*lines, "echo end $? $n ${x-}"]) + "\n"


def outcome(shell, script, path):
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(native.ENVIRONMENT, PATH=path)
        try:
            done = subprocess.run(
                [shell, "-c", script, "name"], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=3,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
        return done.stdout, done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shell")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=native.TOP / "out")
    args = parser.parse_args()
    folder = args.out.resolve() / "programs-native"
    complaint = native.compile_all(folder)
    if complaint:
        sys.exit(complaint)
    differences = 0
    for seed in range(args.seed, args.seed + args.count):
        script = (Words if seed % 2 else Flow)(seed).script()
        path = str(folder / "bin")
        theirs, ours = outcome(shutil.which(args.shell), script, path), outcome(folder / "bin/sh", script, path)
        if theirs != ours and None not in (theirs, ours):
            differences += 1
            print(f"--- seed {seed}\n{script}{args.shell}: {theirs}\nours: {ours}")
    print(f"{args.count} scripts, {differences} differences")
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main())
