"""pycocotools over a ground truth and detections: prints JSON. python coco_eval.py GT DT TYPE"""
import contextlib
import io
import json
import sys
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    run = COCOeval(truth, truth.loadRes(sys.argv[2]), sys.argv[3])
    run.evaluate()
    run.accumulate()
    run.summarize()
print(json.dumps({"ms": 1e3 * (time.perf_counter() - start), "AP": run.stats[0]}))
