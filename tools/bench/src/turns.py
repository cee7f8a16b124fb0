"""Turns with other processes, as turns.ts takes them."""

import json
import resource
import sys
import time


def answer(run):
    """Says `ready`, answers each line with the milliseconds of one run, and where there are no more says the peak memory."""
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(1e3 * (time.perf_counter() - start), flush=True)
    print(json.dumps({"peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
