"""Makes reference values of importing weights with timm: python3 tools/parity/make_import_cases.py packages

Needs torch, timm and numpy. Writes core/fixtures/resize.json, what timm's functions make of arrays of another size, in float64 where the
functions let them be, and
backbones/fixtures/imports.json, the logits of small models of timm that were given weights of other models by
timm's own `pretrained=True`.

In imports.json no weights are saved: `value` says what they are, by name and index, and what reads the file computes the same.
Layers that timm draws anew get the values of their names with `drawn.` before.
"""

import json
import math
import pathlib
import sys

import numpy as np
import timm
import timm.layers.patch_embed
import torch
from timm.layers import resample_abs_pos_embed, resample_patch_embed, resize_rel_pos_bias_table
from timm.models._manipulate import adapt_input_conv

timm.layers.patch_embed.DTYPE_INTERMEDIATE = torch.float64


def hashed(name):
    """FNV-1a, 32 bits."""
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def uniform(name, count):
    """Numbers in -0.5..0.5 that look irregular, exactly the same in every language."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(hashed(name))
    x = (x ^ (x >> np.uint32(15))) * np.uint32(2246822519)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(3266489917)
    return (x ^ (x >> np.uint32(16))).astype(np.float64) / 2**32 - 0.5


def value(name, shape):
    """A parameter: around 1 for what scales a channel, else around 0."""
    around = 1 if len(shape) == 1 and not name.endswith(("bias", "running_mean")) else 0
    numbers = around + 0.4 * uniform(name, math.prod(shape))
    return torch.tensor(numbers.reshape(shape), dtype=torch.float32)


def fill(model, prefix=""):
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(value(prefix + name, tensor.shape))


def array(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def positions(old, new, prefix, d=3):
    table = array((1, prefix + old[0] * old[1], d), old[0] * 31 + new[0])
    # float32 within, which is compared to 1e-6.
    out = resample_abs_pos_embed(torch.tensor(table), new, list(old), num_prefix_tokens=prefix)
    return dict(kind="positions", from_=list(old), to=list(new), prefix=prefix, input=table, output=out)


def bias_table(old, new, heads=2):
    rows = (2 * old - 1) ** 2
    table = array((rows, heads), old * 17 + new[0])
    shape = ((2 * new[0] - 1) * (2 * new[1] - 1), heads)
    out = resize_rel_pos_bias_table(torch.tensor(table), new, shape)
    return dict(kind="table", to=list(new), input=table, output=out)


def patches(old, new):
    weight = array((2, 3, old, old), old * 7 + new)
    out = resample_patch_embed(torch.tensor(weight), [new, new])
    return dict(kind="patches", to=new, input=weight, output=out)


def channels(count):
    weight = array((2, 3, 2, 2), count)
    return dict(kind="channels", to=count, input=weight, output=adapt_input_conv(count, torch.tensor(weight)))


RESIZED = [
    positions((4, 4), (6, 6), 1), positions((6, 6), (4, 4), 1), positions((4, 4), (3, 7), 1),
    positions((5, 5), (5, 5), 0), positions((3, 3), (8, 2), 0), positions((2, 2), (5, 4), 2),
    positions((3, 5), (5, 3), 1), positions((14, 14), (8, 8), 1, d=1),
    bias_table(3, (4, 4)), bias_table(7, (8, 8), 1), bias_table(7, (12, 12), 1), bias_table(7, (4, 4), 1),
    bias_table(4, (2, 5)), bias_table(1, (2, 2)), bias_table(2, (1, 1)),
    patches(4, 6), patches(6, 4), patches(8, 3), patches(2, 3),
    *[channels(count) for count in (1, 2, 4, 6, 7)],
]  # fmt: skip

VIT = dict(embed_dim=24, depth=2, num_heads=3, img_size=32, num_classes=5)
SWIN = dict(embed_dim=12, depths=[2, 2], num_heads=[2, 4], img_size=64, num_classes=5)
EFFICIENT = dict(widths=[4, 8, 16, 32], depths=[1, 2, 1, 1], head_dim=8, head_widths=[24, 32], num_classes=5)

# name, options of the model that the weights are of, options that differ where they are imported, image
CASES = [
    *[
        (f"{kind}_{size}_patch16_224", VIT, {}, 32)
        for kind, size in [("vit", "tiny"), ("vit", "small"), ("vit", "base"), ("deit", "small"), ("deit3", "small")]
    ],
    ("vit_small_patch32_224", VIT | dict(img_size=64), {}, 64),
    ("deit_tiny_distilled_patch16_224", VIT, {}, 32),
    ("deit_tiny_distilled_patch16_224", VIT, dict(img_size=[48, 80], num_classes=3), [48, 80]),
    ("deit3_base_patch16_384", VIT, dict(img_size=64), 64),
    ("vit_tiny_patch16_224", VIT | dict(img_size=64), dict(img_size=32, num_classes=3), 32),
    ("vit_tiny_patch16_224", VIT | dict(img_size=64), dict(img_size=[32, 96]), [32, 96]),
    ("vit_tiny_patch16_224", VIT, dict(in_chans=1), 32),
    ("vit_tiny_patch16_224", VIT, dict(in_chans=5, num_classes=0), 32),
    ("vit_tiny_patch16_224", VIT, dict(patch_size=8), 32),
    ("vit_tiny_patch16_224", VIT | dict(num_classes=0), dict(num_classes=4), 32),
    ("vit_tiny_patch16_224", VIT | dict(global_pool="avg"), dict(img_size=48), 48),
    ("vit_tiny_patch16_224", VIT | dict(global_pool="avg", class_token=False, fc_norm=False), dict(img_size=48), 48),
    ("vit_tiny_patch16_224", VIT | dict(no_embed_class=True, reg_tokens=2, init_values=1e-5), dict(img_size=64), 64),
    ("vit_tiny_patch16_224", VIT | dict(pre_norm=True, qkv_bias=False, reg_tokens=1), {}, 32),
    ("swin_tiny_patch4_window7_224", SWIN, {}, 64),
    ("swin_small_patch4_window7_224", SWIN, dict(num_classes=0), 64),
    ("swin_base_patch4_window12_384", SWIN | dict(img_size=96), dict(num_classes=2), 96),
    ("swin_tiny_patch4_window7_224", SWIN | dict(img_size=128), dict(img_size=128, window_size=8), 128),
    ("swin_tiny_patch4_window7_224", SWIN, dict(img_size=[32, 128], in_chans=1), [32, 128]),
    ("swin_tiny_patch4_window7_224", SWIN, dict(img_size=[64, 128], window_size=[4, 6]), [64, 128]),
    ("swin_tiny_patch4_window7_224", SWIN, dict(patch_size=8, img_size=128), 128),
    *[(f"mobilevit_{size}", dict(num_classes=5), {}, 32) for size in ("xxs", "xs")],
    ("mobilevit_xxs", dict(num_classes=5), dict(num_classes=3, in_chans=1), [32, 64]),
    ("mobilevit_xxs", dict(num_classes=5), dict(num_classes=0), 40),
    *[(f"efficientvit_b{size}", EFFICIENT, {}, 64) for size in (0, 1, 2, 3)],
    ("efficientvit_b1", EFFICIENT, dict(num_classes=3, in_chans=2), [64, 97]),
    ("efficientvit_b1", EFFICIENT, dict(num_classes=0), 64),
]  # fmt: skip


def without_size(name, options):
    """Convolutional models take images of any size, so timm's have no option for it."""
    out = {key: tuple(o) if isinstance(o, list) else o for key, o in options.items()}
    if name.startswith(("mobilevit", "efficientvit")):
        out.pop("img_size", None)
    return out


def imported(name, source, changed, image):
    target = source | changed
    given = timm.create_model(name, **without_size(name, source)).eval()
    fill(given)
    state = {key: tensor.clone() for key, tensor in given.state_dict().items()}
    overlay = dict(state_dict=state, num_classes=source["num_classes"], custom_load=False)
    model = timm.create_model(
        name, pretrained=True, pretrained_cfg_overlay=overlay, **without_size(name, target)
    ).eval()
    heads = model.get_classifier()
    drawn = target["num_classes"] != source["num_classes"]
    if drawn:
        modules = dict(model.named_modules())
        for key, module in modules.items():
            if any(module is head for head in (heads if isinstance(heads, tuple) else [heads])):
                fill(module, f"drawn.{key}.")
    size = [image, image] if isinstance(image, int) else image
    shape = [2, *size, target.get("in_chans", 3)]
    pixels = torch.tensor(4 * uniform("image", math.prod(shape)).reshape(shape), dtype=torch.float32)
    with torch.no_grad():
        logits = model(pixels.permute(0, 3, 1, 2))
    return dict(model=name, source=source, changed=changed, image=size, logits=numbers(logits))


def numbers(values):
    """As many digits as float32 has."""
    return [float(f"{x:.9g}") for x in np.asarray(values, dtype=np.float64).reshape(-1)]


def plain(case):
    arrays = {key: case[key] for key in ("input", "output")}
    rest = {key.rstrip("_"): x for key, x in case.items() if key not in arrays}
    return rest | {
        key: dict(shape=list(x.shape), data=numbers(np.asarray(x))) for key, x in arrays.items()
    }


def main(directory):
    about = f"timm {timm.__version__}, by tools/parity/make_import_cases.py"
    write = lambda name, cases: (directory / name).write_text(
        json.dumps(dict(about=about, cases=cases), indent=None, separators=(",", ":")) + "\n"
    )
    write("core/fixtures/resize.json", [plain(case) for case in RESIZED])
    write("backbones/fixtures/imports.json", [imported(*case) for case in CASES])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
