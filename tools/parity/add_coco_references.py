"""Writes into a file of COCO cases what pycocotools gives for each: its twelve figures, or how it fails.

python add_coco_references.py PACKAGES/detect/fixtures/coco-files.json   (needs numpy and pycocotools)
"""
import contextlib
import io
import json
import multiprocessing
import resource
import sys
import tempfile
from pathlib import Path

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def evaluate(case, kind, answer):
    # Some polygons take all memory.
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("gt.json", "dt.json")]
        for path, key in zip(paths, ("truth", "detections")):
            Path(path).write_text(json.dumps(case[key]))
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                truth = COCO(paths[0])
                own = COCOeval(truth, truth.loadRes(paths[1]), kind)
                own.evaluate()
                own.accumulate()
                own.summarize()
            answer.put({name: float(x) for name, x in zip(NAMES, own.stats)})
        except Exception as error:
            answer.put(f"{type(error).__name__}: {error}")


def reference(case, kind):
    answer = multiprocessing.Queue()
    process = multiprocessing.Process(target=evaluate, args=(case, kind, answer))
    process.start()
    process.join(60)
    process.kill()
    return answer.get(timeout=1) if not answer.empty() else "the process dies"


path = Path(sys.argv[1])
cases = json.loads(path.read_text())
for case in cases:
    case["reference"] = {kind: reference(case, kind) for kind in ("bbox", "segm")}
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
