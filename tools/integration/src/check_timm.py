"""Loads the timm folders of a folder and compares their logits with those beside them (`NAME.safetensors`).

One line of JSON for each: the name, the largest difference as a share of the largest logit, and what timm says of it.
"""

import json
import sys
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file


def check(folder):
    given = load_file(f"{folder}.safetensors")
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    config = json.loads((folder / "config.json").read_text())
    with torch.no_grad():
        found = model(given["pixel_values"])
    expected = given["logits"]
    difference = (found - expected).abs().max() / expected.abs().max()
    data = timm.data.resolve_model_data_config(model)
    # Other classes and channels, as one fine-tunes a model: all but the classifier and the first layer is kept.
    other = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=7, in_chans=1)
    first = config["pretrained_cfg"]["first_conv"] + ".weight"
    classifier = config["pretrained_cfg"]["classifier"]
    drawn = tuple([classifier] if isinstance(classifier, str) else classifier) + (first,)
    kept = model.state_dict()
    lost = [
        name
        for name, value in other.state_dict().items()
        if not name.startswith(drawn) and not torch.equal(value, kept[name])
    ]
    return {
        "difference": float(difference),
        "input_size": list(data["input_size"]),
        "mean": list(data["mean"]),
        "crop_pct": data["crop_pct"],
        "lost": lost,
    }


for config in sorted(Path(sys.argv[1]).glob("*/config.json")):
    print(json.dumps({"name": config.parent.name, **check(config.parent)}))
