"""Writes COCO files with the figures that pycocotools gives for them.

python make_coco_cases.py PACKAGES   (needs numpy and pycocotools): into PACKAGES/data/fixtures and PACKAGES/detect/fixtures
"""
import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from pycocotools import mask as api
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def polygon(rng, x, y, w, h, sides):
    angles = np.sort(rng.uniform(0, 2 * np.pi, sides))
    xs = x + w / 2 * (1 + np.cos(angles))
    ys = y + h / 2 * (1 + np.sin(angles))
    return [round(float(v), 2) for point in zip(xs, ys) for v in point]


def uncompressed(rle):
    mask = api.decode(rle)
    flat = mask.reshape(-1, order="F")
    counts, value, length = [], 0, 0
    for pixel in flat:
        if pixel != value:
            counts.append(length)
            value, length = pixel, 0
        length += 1
    return {"size": list(rle["size"]), "counts": counts + [length]}


def segmentation(rng, box, height, width, kind):
    x, y, w, h = box
    polygons = [polygon(rng, x, y, w, h, int(rng.integers(3, 9))) for _ in range(int(rng.integers(1, 3)))]
    if kind == "polygons":
        return polygons
    rle = api.merge(api.frPyObjects(polygons, height, width))
    if kind == "list":
        return uncompressed(rle)
    return {"size": list(rle["size"]), "counts": rle["counts"].decode()}


def box(rng, height, width, largest):
    w, h = rng.uniform(2, largest * width), rng.uniform(2, largest * height)
    return [round(float(v), 2) for v in (rng.uniform(0, width - w), rng.uniform(0, height - h), w, h)]


def shifted(rng, own, noise):
    x, y, w, h = own
    return [
        round(float(v), 2)
        for v in (
            x + rng.normal(0, noise * w),
            y + rng.normal(0, noise * h),
            max(w * rng.normal(1, noise), 1),
            max(h * rng.normal(1, noise), 1),
        )
    ]


def case(seed, boxed):
    """Crowds, images without objects or detections, ties, more than 100 detections, all three kinds of masks."""
    rng = np.random.default_rng(seed)
    images = [{"id": 7 * i + 3, "height": int(rng.integers(60, 220)), "width": int(rng.integers(60, 220))} for i in range(8)]
    kinds = ["polygons", "list", "text"]
    annotations, detections = [], []
    for n, image in enumerate(images):
        height, width = image["height"], image["width"]
        for _ in range(0 if n == 0 else int(rng.integers(1, 9))):
            own = box(rng, height, width, 0.8)
            crowd = int(rng.uniform() < 0.15)
            seg = segmentation(rng, own, height, width, "list" if crowd else kinds[int(rng.integers(3))])
            rle = seg if isinstance(seg, dict) else api.merge(api.frPyObjects(seg, height, width))
            if isinstance(rle.get("counts"), list):
                rle = api.frPyObjects(rle, height, width)
            annotations.append({
                "id": len(annotations) + 1, "image_id": image["id"], "category_id": int(rng.integers(1, 4)) * 5,
                "bbox": own, "area": float(api.area(rle)), "iscrowd": crowd, "segmentation": seg,
            })
        if n == 1:
            continue
        many = 130 if n == 2 else int(rng.integers(2, 25))
        mine = [a for a in annotations if a["image_id"] == image["id"]]
        for _ in range(many):
            source = mine[int(rng.integers(len(mine)))] if mine and rng.uniform() < 0.8 else None
            own = shifted(rng, source["bbox"], 0.08) if source else box(rng, height, width, 0.6)
            rle = api.merge(api.frPyObjects([polygon(rng, *own, 12)], height, width))
            detections.append({
                "image_id": image["id"],
                "category_id": source["category_id"] if source and rng.uniform() < 0.9 else int(rng.integers(1, 4)) * 5,
                # Few values, so that many scores tie.
                "score": round(float(rng.uniform()), 1),
                **({"bbox": own} if boxed else {}),
                "segmentation": {"size": list(rle["size"]), "counts": rle["counts"].decode()},
            })
    truth = {"images": images, "annotations": annotations, "categories": [{"id": 5 * c, "name": f"c{c}"} for c in (1, 2, 3, 4)]}
    return truth, detections


def figures(truth, detections, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = json.loads(json.dumps(truth))
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(json.loads(json.dumps(detections))), kind)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return dict(zip(NAMES, (float(x) for x in run.stats)))


def drawn(rng):
    """A polygon, also one that leaves the image or has repeated points, and what pycocotools makes of it."""
    height, width = int(rng.integers(3, 60)), int(rng.integers(3, 60))
    points = rng.uniform(-5, 65, 2 * int(rng.integers(3, 10)))
    if rng.uniform() < 0.3:
        points = np.round(points)
    if rng.uniform() < 0.3:
        points[2:4] = points[0:2]
    points = [round(float(v), 2) for v in points]
    rle = api.frPyObjects([points], height, width)[0]
    return {
        "height": height, "width": width, "points": points, "counts": rle["counts"].decode(),
        "area": int(api.area(rle)), "bbox": [float(v) for v in api.toBbox(rle)],
    }


masks, figures_folder = (Path(sys.argv[1]) / name / "fixtures" for name in ("data", "detect"))
rng = np.random.default_rng(11)
polygons = [drawn(rng) for _ in range(200)]
(masks / "polygons.json").write_text(json.dumps(polygons, separators=(",", ":")) + "\n")
for seed in range(3):
    truth, detections = case(seed, boxed=seed != 2)
    expected = {kind: figures(truth, detections, kind) for kind in ("bbox", "segm")}
    text = json.dumps({"truth": truth, "detections": detections, "expected": expected}, separators=(",", ":"))
    (figures_folder / f"coco-{seed}.json").write_text(text + "\n")
