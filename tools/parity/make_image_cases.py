"""Writes images with what Pillow and timm make of them.

python make_image_cases.py PACKAGES   (needs numpy, Pillow, timm and torchvision): into PACKAGES/data/fixtures/images
"""
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from timm.data import create_transform

SIZE = (6, 4)


def odd_files(root):
    """Small images of many kinds, and the pixels of each as RGB and as grey."""
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    grey = rgb[..., 0]
    alpha = rng.integers(0, 256, grey.shape, dtype=np.uint8)
    alpha[0] = 0
    image = Image.fromarray(rgb)
    few = image.quantize(8)
    files = {
        "rgb.png": image,
        "grey.png": Image.fromarray(grey),
        "grey-alpha.png": Image.fromarray(np.dstack([grey, alpha]), "LA"),
        "alpha.png": Image.fromarray(np.dstack([rgb, alpha]), "RGBA"),
        "one-bit.png": image.convert("1"),
        "palette.png": few,
        "cmyk.tif": image.convert("CMYK"),
        "grey-16-bits-below-256.png": Image.fromarray(grey.astype(np.uint16)),
        "grey-float-whole.tif": Image.fromarray(grey.astype(np.float32)),
        "lossless.webp": image,
    }
    options = {"lossless.webp": {"lossless": True}}
    for name, one in files.items():
        one.save(root / name, **options.get(name, {}))
    few.save(root / "palette-transparent.png", transparency=3)
    # Cyan, magenta, yellow and black of every kind, which an RGB image alone does not give.
    inks = rng.integers(0, 256, (SIZE[1], SIZE[0], 4), dtype=np.uint8)
    Image.fromarray(inks, "CMYK").save(root / "inks.tif")
    smooth = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8)
    smooth = Image.fromarray(np.dstack([smooth * 5, 200 - smooth * 3, smooth * 2]))
    smooth.convert("CMYK").save(root / "cmyk.jpg", quality=95)
    for orientation in (3, 6):
        exif = Image.Exif()
        exif[0x0112] = orientation
        smooth.save(root / f"exif-{orientation}.jpg", quality=95, exif=exif)
    frames = [image, Image.fromarray(255 - rgb)]
    frames[0].save(root / "frames.webp", save_all=True, append_images=frames[1:], lossless=True)
    frames[0].save(root / "pages.tif", save_all=True, append_images=frames[1:])
    cases = []
    for path in sorted(root.iterdir()):
        if path.name.startswith("photo-") or path.suffix == ".json":
            continue
        opened = Image.open(path)
        rgb = opened.convert("RGB")
        cases.append({
            "file": path.name,
            "width": rgb.width,
            "height": rgb.height,
            "rgb": np.asarray(rgb).ravel().tolist(),
            "grey": np.asarray(rgb.convert("L")).ravel().tolist(),
        })
    write(root / "decoded.json", cases)


def resized(root):
    """Small arrays at other sizes."""
    rng = np.random.default_rng(1)
    cases = []
    for channels, (width, height), sizes in [
        (1, (7, 5), [(3, 2), (14, 9), (7, 2), (3, 5), (2, 11), (1, 1)]),
        (3, (5, 6), [(2, 4), (8, 13)]),
    ]:
        # Black beside white: values that the bicubic kernel throws over the ends.
        data = rng.choice([0, 3, 128, 250, 255], (height, width, channels)).astype(np.uint8)
        image = Image.fromarray(data[..., 0] if channels == 1 else data)
        outs = [
            {"interpolation": name, "width": w, "height": h,
             "data": np.asarray(image.resize((w, h), mode)).ravel().tolist()}
            for w, h in sizes
            for name, mode in [("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)]
        ]
        cases.append({"channels": channels, "width": width, "height": height, "data": data.ravel().tolist(), "resized": outs})
    write(root / "resized.json", cases)


def inputs(root):
    """Photographs as models see them."""
    mean = [0.485, 0.456, 0.406]
    cases = []
    for photo, height, width, mode, interpolation, share in [
        ("portrait", 48, 48, "center", "bicubic", 0.875),
        ("portrait", 33, 33, "center", "bilinear", 0.9),
        ("portrait", 40, 40, "squash", "bicubic", 0.95),
        ("portrait", 45, 45, "border", "bicubic", 1.0),
        ("portrait", 40, 57, "center", "bicubic", 0.9),
        ("landscape", 47, 47, "center", "bicubic", 0.9),
        ("landscape", 48, 48, "center", "bilinear", 0.5),
        ("landscape", 32, 44, "border", "bilinear", 0.8),
        ("small", 96, 96, "center", "bicubic", 0.875),
        ("small", 80, 80, "center", "bilinear", 1.0),
        ("landscape", 128, 256, "center", "bicubic", 0.9),
        ("portrait", 128, 256, "center", "bicubic", 0.875),
        ("portrait", 128, 256, "squash", "bicubic", 0.95),
        ("portrait", 128, 256, "border", "bicubic", 1.0),
    ]:
        given = {"interpolation": interpolation, "crop_pct": share, "crop_mode": mode, "mean": mean}
        transform = create_transform((3, height, width), is_training=False, normalize=False, **given)
        image = Image.open(root / f"photo-{photo}.jpg").convert("RGB")
        name = f"photo-{photo}-{height}x{width}-{mode}-{interpolation}.png"
        Image.fromarray(transform(image).permute(1, 2, 0).numpy()).save(root / name, optimize=True)
        cases.append({
            "photo": f"photo-{photo}.jpg",
            "expected": name,
            "input": {"input_size": [3, height, width], "std": [1, 1, 1], **given},
        })
    write(root / "inputs.json", cases)


def write(path, cases):
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


def main():
    root = Path(sys.argv[1]) / "data" / "fixtures" / "images"
    odd_files(root)
    resized(root)
    inputs(root)


main()
