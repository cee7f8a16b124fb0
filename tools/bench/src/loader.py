"""PIL with timm's augmentations in worker processes: prints JSON. python loader.py FOLDER WORKERS"""
import json
import pathlib
import sys
import time

import torch
from PIL import Image
from timm.data import create_transform

BATCH, EPOCHS = 64, 3


class Images(torch.utils.data.Dataset):
    def __init__(self, folder):
        self.paths = sorted(pathlib.Path(folder).glob("*/*.jpg"))
        self.transform = create_transform(
            224,
            is_training=True,
            auto_augment="rand-m9-mstd0.5",
            interpolation="bicubic",
            color_jitter=None,
            re_prob=0.25,
            re_mode="pixel",
        )

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        with open(self.paths[i], "rb") as file:
            image = Image.open(file).convert("RGB")
        return self.transform(image), int(self.paths[i].parent.name)


if __name__ == "__main__":
    torch.set_num_threads(1)
    images = Images(sys.argv[1])
    loader = torch.utils.data.DataLoader(
        images,
        batch_size=BATCH,
        shuffle=True,
        num_workers=int(sys.argv[2]),
        persistent_workers=True,
        prefetch_factor=4,
    )
    for epoch in range(EPOCHS + 1):
        if epoch == 1:
            start = time.perf_counter()
        for image, label in loader:
            pass
    print(json.dumps({"ms": 1e3 * (time.perf_counter() - start) / (EPOCHS * len(images))}))
