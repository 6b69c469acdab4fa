"""The verdict on a test whose client broke rules, without an assertion of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator.testing import remarked_calls, run
from emulator.testing.assertions import read_more
from emulator.testing.remarked_calls import RemarkedCalls
from emulator.testing.violations import broken_lines, is_violation, is_warning, report, unmet_lines

if TYPE_CHECKING:
    from emulator.testing import Aep

_RULE = re.compile(r"^ {4}(\S+) \((error|warning)\)", re.MULTILINE)


def unexpected(fail_on: str) -> str:
    """Return what was broken unexpectedly since the last call of this function, or an empty text.

    Args:
        fail_on: What counts, as for reports: `violations` are rules of severity error, and
            whatever else refused a call; `warnings` are these, warnings, and expectations that
            were not met; with `nothing` all that was broken is passed over.
    """
    lines = [text for one in list(remarked_calls.OPEN) for text in _new_lines(one, fail_on)]
    if not lines:
        return ""
    text = "\n".join(lines)
    rules = _rules_in(text) or ["RULE"]
    meant = (
        f'if it is meant: with aep.expects("{rules[0]}"): around the calls, or the mark '
        f'aep(expects="{rules[0]}") for the test; aep(fail_on="nothing") lets all pass'
    )
    said = f"the test did not expect this (aep_fail_on is {fail_on}):"
    return f"{said}\n{text}\n{read_more(*rules)}\n{meant}"


def _rules_in(text: str) -> list[str]:
    """Return the rules that a text tells of, each once, errors before warnings."""
    found = sorted(_RULE.findall(text), key=lambda rule: rule[1] != "error")
    return list(dict.fromkeys(id for id, _ in found))


def did_otherwise(fail_on: str) -> bool:
    """Tell of a test that has failed whether its calls did otherwise than it demands or expects.

    It has done so too if what it expected of a block of calls did not come.
    """
    has_missed = any(one.has_missed for one in remarked_calls.OPEN)
    return bool(unexpected(fail_on)) or (has_missed and fail_on != "nothing")


def _new_lines(remarked: RemarkedCalls, fail_on: str) -> list[str]:
    """Return what is new to be said of calls, once."""
    mark, before, heads = remarked.judged
    remarked.judged = (remarked.mark(), remarked.counted(), len(remarked.heads))
    remarked.has_missed = False
    if fail_on == "nothing":
        return []
    counts = is_violation if fail_on == "violations" else is_warning
    lines = [*broken_lines(remarked, counts, mark, before)]
    lines += [f"  {text}" for text in remarked.heads[heads:]]
    return lines + (list(unmet_lines(remarked, mark)) if fail_on == "warnings" else [])


def forget_ended() -> None:
    """Let go of the calls of emulators that have been stopped."""
    remarked_calls.OPEN[:] = [one for one in remarked_calls.OPEN if not one.has_ended]


def reports(lent: list[Aep], is_told: bool) -> list[str]:
    """Return the calls of a test: of the emulators that fixtures lend it, and of its own.

    Args:
        lent: Those that fixtures lend it.
        is_told: Whether the failure of the test says already where to read more.
    """
    texts = [aep.report() for aep in lent if aep.is_started]
    known = [aep.remarked for aep in lent if aep.is_started]
    others = [one for one in remarked_calls.OPEN if one not in known]
    found = [text for text in (*texts, *(report([], one) for one in others)) if text]
    rules = [] if is_told else _rules_in("\n".join(found))
    if rules:
        found[-1] += f"\n{read_more(*rules)}"
    if found and not run.is_clock_chosen:
        start = run.start_of_clocks()
        found[-1] += f"\nclocks start at {start}: --aep-clock {start} repeats that"
    return found
