"""python -m tests.faults [FAULT ...]: make faults, print what came of each. Status 1 where one is not survived."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.faults.clocks import move_clock
from tests.faults.connections import drop, slow_down
from tests.faults.damaged import cut_off_shown, delete_shown, flip_shown
from tests.faults.found import MOST_BACK_S, Found, table
from tests.faults.full_disk import fill_temporary, fill_traces
from tests.faults.full_worker import fill_worker
from tests.faults.killed_precompute import kill_precompute
from tests.faults.killed_server import kill_server
from tests.faults.two_servers import update_between

FAULTS: dict[str, Callable[[Path], Found]] = {
    "server": kill_server,
    "precompute": kill_precompute,
    "disk": fill_traces,
    "tmp": fill_temporary,
    "worker": fill_worker,
    "deleted": delete_shown,
    "cut-off": cut_off_shown,
    "flipped": flip_shown,
    "slow": slow_down,
    "dropped": drop,
    "clock": move_clock,
    "update": update_between,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(FAULTS)}; all where none is named")
    wanted = parser.parse_args(arguments).faults or list(FAULTS)
    if unknown := sorted(set(wanted) - set(FAULTS)):
        parser.error(f"there is no fault {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    found = []
    for name in wanted:
        with tempfile.TemporaryDirectory(prefix=f"fault-{name}-") as folder:
            try:
                found.append(FAULTS[name](Path(folder)))
            except Exception as error:  # of whatever kind: the other faults are still to be made
                reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                found.append(Found(name, reason, None, 0, "", goes_on=False))
        print(table(found[-1:]).splitlines()[-1], file=sys.stderr)
    print(table(found))
    print(f"\nGoal: back by itself within {MOST_BACK_S:.0f} s, none lost, and the page says what happened.")
    return 0 if all(each.is_survived for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
