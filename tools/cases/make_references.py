"""Makes the reference values of the cases: python3 tools/cases/make_references.py

Needs pycocotools, Pillow, torch, torchvision and timm. Writes into tools/cases/data: coco/references.json, what
pycocotools makes of each pair of files (a text where it raises or dies); pillow/NAME.png, what Pillow makes of images/NAME;
timm/: small random models of timm with their weights, images, and references.json, the loss, the accuracy and the best
probability of each image that timm gives with its own transforms of images that torchvision's ImageFolder lists.
"""

import contextlib
import io
import json
import pathlib
import subprocess
import sys

DATA = pathlib.Path(__file__).parent / "data"
# Cases that are about boxes; the others are about masks.
BOXES = """
bool-iscrowd cats-gaps dt-dict dup-ann-ids dup-image empty-dt equal-scores float-size ids-from-zero many-dets mixed-dets
mixed-ids nan-score negative-box no-annotations no-area no-iscrowd null-area string-ids string-score zero-area
""".split()
FIGURES = "AP AP50 AP75 APs APm APl AR1 AR10 AR100 ARs ARm ARl".split()


def coco(folder, kind):
    """One pair of files, in a process of its own: pycocotools dies of some."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(f"{folder}/gt.json")
            evaluation = COCOeval(truth, truth.loadRes(f"{folder}/dt.json"), kind)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return dict(zip(FIGURES, map(float, evaluation.stats)))
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


def all_coco():
    found = {}
    for folder in sorted(path for path in (DATA / "coco").iterdir() if path.is_dir()):
        kind = "bbox" if folder.name in BOXES else "segm"
        command = f"ulimit -v 4000000; timeout 10 {sys.executable} {__file__} coco {folder} {kind}"
        run = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
        found[folder.name] = json.loads(run.stdout) if run.returncode == 0 else "it dies, or never ends"
    (DATA / "coco/references.json").write_text(json.dumps(found, indent=1) + "\n")


def all_pillow():
    from PIL import Image

    for path in sorted((DATA / "images").iterdir()):
        with contextlib.suppress(OSError):
            Image.open(path).convert("RGB").save(DATA / f"pillow/{path.name}.png")


VIT = dict(img_size=32, patch_size=8, embed_dim=16, depth=1, num_heads=2, num_classes=2)
SWIN = dict(img_size=32, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4, num_classes=2)
# Name: kcr's architecture, its configuration, what differs for timm, and what is done to the weights.
MODELS = {
    "vit": ("vit", VIT),
    "vit-no-bias": ("vit", {**VIT, "qkv_bias": False}),
    "vit-patch-7": ("vit", {**VIT, "img_size": 28, "patch_size": 7}),
    "vit-mlp-2.5": ("vit", {**VIT, "mlp_ratio": 2.5}),
    "vit-heads-4": ("vit", {**VIT, "num_heads": 4}),
    "vit-grey": ("vit", {**VIT, "in_chans": 1}),
    "vit-half": ("vit", VIT, {}, "float16"),
    "vit-bfloat16": ("vit", VIT, {}, "bfloat16"),
    "vit-avg-pool": ("vit", VIT, {"global_pool": "avg"}),
    "vit-module": ("vit", VIT, {}, "module."),
    "vit-wide": ("vit", {**VIT, "img_size": [32, 64]}),
    "vit-no-head": ("vit", {**VIT, "num_classes": 0}),
    "swin": ("swin", SWIN),
    "swin-window-over-grid": ("swin", {**SWIN, "window_size": 7}),
    "swin-odd-grid": ("swin", {**SWIN, "img_size": 36, "window_size": 7}),
    "swin-tall": ("swin", {**SWIN, "img_size": [64, 32]}),
}


def random_model(architecture, config, timm_config, change):
    import torch
    from timm.models.swin_transformer import SwinTransformer
    from timm.models.vision_transformer import VisionTransformer

    torch.manual_seed(0)
    model = (VisionTransformer if architecture == "vit" else SwinTransformer)(**config, **timm_config).eval()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.add_(torch.randn_like(tensor) * 0.1)
    state = {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items() if tensor.is_floating_point()}
    if change in ("float16", "bfloat16"):
        state = {name: tensor.to(getattr(torch, change)) for name, tensor in state.items()}
        model.load_state_dict(state, strict=False)
    if change == "module.":
        state = {change + name: tensor for name, tensor in state.items()}
    return model, state


def write_images(folder):
    """Landscapes, portraits and squares of two classes."""
    import numpy
    from PIL import Image

    noise = numpy.random.RandomState(0)
    for label in ("over", "under"):
        for number, (height, width) in enumerate(((30, 57), (49, 33), (32, 32))):
            (folder / label).mkdir(parents=True, exist_ok=True)
            pixels = noise.rand(height, width, 3) * 60 + 60
            half = slice(0, height // 2) if label == "over" else slice(height // 2, height)
            pixels[half] += 80
            Image.fromarray(pixels.astype(numpy.uint8)).save(folder / label / f"{number}.png")


def all_timm():
    import torch
    from safetensors.torch import save_file
    from timm.data import create_transform
    from torchvision.datasets import ImageFolder

    write_images(DATA / "timm/images")
    found = {}
    for name, (architecture, config, *more) in MODELS.items():
        timm_config, change = more[0] if more else {}, more[1] if len(more) > 1 else None
        model, state = random_model(architecture, config, timm_config, change)
        size, channels = config["img_size"], config.get("in_chans", 3)
        shape = (channels, *(size if isinstance(size, list) else (size, size)))
        mean = (0.5,) * channels
        transform = create_transform(
            shape, interpolation="bicubic", mean=mean, std=mean, crop_pct=0.9, crop_mode="center"
        )
        folder = DATA / f"timm/{name}"
        folder.mkdir(parents=True, exist_ok=True)
        save_file(state, folder / "model.safetensors")
        given = dict(
            input_size=shape, interpolation="bicubic", mean=mean, std=mean, crop_pct=0.9, crop_mode="center"
        )
        said = dict(
            format="kcr-model", version=2, architecture=dict(module="@kcr/backbones", name=architecture),
            config=config, kept={}, classes=["over", "under"][: config["num_classes"]], input=given,
        )  # fmt: skip
        (folder / "model.json").write_text(json.dumps(said) + "\n")
        if config["num_classes"] == 0:
            continue
        images = ImageFolder(DATA / "timm/images")
        convert = (lambda image: image.convert("L")) if channels == 1 else (lambda image: image)
        with torch.no_grad():
            logits = model(torch.stack([transform(convert(image)) for image, _ in images]))
        labels = torch.tensor(images.targets)
        found[name] = dict(
            n=len(images),
            top1=float((logits.argmax(1) == labels).float().mean()),
            loss=float(torch.nn.functional.cross_entropy(logits, labels)),
            best=logits.softmax(1).max(1).values.tolist(),
        )
    (DATA / "timm/references.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["coco"]:
        print(json.dumps(coco(*sys.argv[2:])))
    else:
        all_coco()
        all_pillow()
        all_timm()
