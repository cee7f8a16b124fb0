"""AdamW steps of UperNet or Mask R-CNN on a small Swin in PyTorch eager, in turn with others.

torch_dense_step.py upernet|mask_rcnn steps   (needs timm)

The models are those of models.ts. RoIAlign is `grid_sample` and a mean over each bin's points; suppression is a loop over
a matrix of overlaps.
"""

import math
import sys

import timm
import torch
from torch import nn
from torch.nn import functional as F
from turns import answer

SIZE, STRIDES = 256, (4, 8, 16, 32)
OBJECTS = 30


def backbone():
    return timm.create_model(
        "swin_tiny_patch4_window7_224", img_size=SIZE, window_size=8, embed_dim=32, depths=(2, 2, 2, 2),
        num_heads=(2, 4, 8, 16), features_only=True,
    )


class Maps(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = backbone()
        self.widths = [32, 64, 128, 256]
        self.norms = nn.ModuleList(nn.LayerNorm(c) for c in self.widths)

    def forward(self, x):
        return [norm(y).permute(0, 3, 1, 2) for norm, y in zip(self.norms, self.body(x))]


def conv_norm(inputs, outputs, kernel):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True)
    )


def resized(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class UperNet(nn.Module):
    def __init__(self, channels=48, auxiliary=32, classes=2):
        super().__init__()
        self.maps = Maps()
        w = self.maps.widths
        self.pools = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(s), conv_norm(w[3], channels, 1)) for s in (1, 2, 3, 6)
        )
        self.bottleneck = conv_norm(w[3] + 4 * channels, channels, 3)
        self.laterals = nn.ModuleList(conv_norm(c, channels, 1) for c in w[:3])
        self.smooth = nn.ModuleList(conv_norm(channels, channels, 3) for _ in range(3))
        self.join = conv_norm(4 * channels, channels, 3)
        self.classes = nn.Conv2d(channels, classes, 1)
        self.aux = nn.Sequential(conv_norm(w[2], auxiliary, 3), nn.Dropout2d(0.1), nn.Conv2d(auxiliary, classes, 1))
        self.drop = nn.Dropout(0.1)

    def forward(self, image, labels):
        maps = self.maps(image)
        last = maps[3]
        pooled = [last] + [resized(pool(last), last.shape[2:]) for pool in self.pools]
        levels = [lateral(x) for lateral, x in zip(self.laterals, maps)] + [self.bottleneck(torch.cat(pooled, 1))]
        for i in (2, 1, 0):
            levels[i] = levels[i] + resized(levels[i + 1], levels[i].shape[2:])
        levels = [smooth(x) for smooth, x in zip(self.smooth, levels)] + levels[3:]
        joined = self.join(torch.cat([resized(x, levels[0].shape[2:]) for x in levels], 1))

        def loss(x):
            return F.cross_entropy(resized(x, labels.shape[1:]), labels, ignore_index=255)

        return loss(self.classes(self.drop(joined))) + 0.4 * loss(self.aux(maps[2]))


def iou(a, b):
    area = lambda x: (x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1])
    size = (torch.minimum(a[:, None, 2:], b[:, 2:]) - torch.maximum(a[:, None, :2], b[:, :2])).clamp(min=0)
    common = size.prod(2)
    return common / (area(a)[:, None] + area(b) - common).clamp(min=1e-9)


def nms(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    over = (iou(boxes[order], boxes[order]) > threshold).numpy()
    gone, kept = over[0] & False, []
    for i in range(len(order)):
        if not gone[i]:
            kept.append(i)
            gone |= over[i]
    return order[torch.tensor(kept)]


def centred(boxes):
    size = boxes[:, 2:] - boxes[:, :2]
    return boxes[:, :2] + size / 2, size


def encode(boxes, anchors, weights=(1, 1, 1, 1)):
    (to, size), (at, own) = centred(boxes), centred(anchors)
    return torch.cat([(to - at) / own, (size / own).log()], 1) * torch.tensor(weights)


def decode(deltas, anchors):
    at, own = centred(anchors)
    to, size = at + deltas[:, :2] * own, own * deltas[:, 2:].clamp(max=math.log(1000 / 16)).exp()
    return torch.cat([to - size / 2, to + size / 2], 1).clamp(0, SIZE)


def assign(boxes, objects, high, low, best=False):
    overlap = iou(boxes, objects)
    most, index = overlap.max(1)
    positive = most >= high
    if best:
        positive |= (overlap == overlap.max(0).values).any(1)
    return index, positive, (most < low) & ~positive


def sample(positive, negative, count, share):
    own, other = positive.nonzero()[:, 0], negative.nonzero()[:, 0]
    own = own[torch.randperm(len(own))[: int(count * share)]]
    return own, other[torch.randperm(len(other))[: count - len(own)]]


def roi_align(maps, boxes, size):
    """boxes: one tensor for each image. [regions, channels, size, size]"""
    all_boxes, out = torch.cat(boxes), None
    level = torch.log2((all_boxes[:, 2:] - all_boxes[:, :2]).prod(1).clamp(min=0).sqrt() / 56 + 1e-6).floor()
    level = level.clamp(0, 3)
    image = torch.cat([torch.full((len(b),), i) for i, b in enumerate(boxes)])
    steps = (torch.arange(2 * size) + 0.5) / (2 * size)
    x = all_boxes[:, None, 0] + steps * (all_boxes[:, 2] - all_boxes[:, 0])[:, None]
    y = all_boxes[:, None, 1] + steps * (all_boxes[:, 3] - all_boxes[:, 1])[:, None]
    grid = torch.stack([x[:, None, :].expand(-1, 2 * size, -1), y[:, :, None].expand(-1, -1, 2 * size)], 3)
    grid = grid / SIZE * 2 - 1
    out = maps[0].new_zeros(len(all_boxes), maps[0].shape[1], size, size)
    for i, own in enumerate(maps[:4]):
        for n in range(len(boxes)):
            at = ((level == i) & (image == n)).nonzero()[:, 0]
            if len(at):
                points = grid[at].reshape(1, -1, 2 * size, 2)
                read = F.grid_sample(own[n : n + 1], points, padding_mode="border", align_corners=False)
                read = read[0].reshape(-1, len(at), 2 * size, 2 * size).transpose(0, 1)
                out = out.index_copy(0, at, F.avg_pool2d(read, 2))
    return out


class MaskRcnn(nn.Module):
    def __init__(self, channels=64, hidden=256):
        super().__init__()
        self.maps = Maps()
        self.laterals = nn.ModuleList(nn.Conv2d(c, channels, 1) for c in self.maps.widths)
        self.smooth = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(4))
        self.rpn = nn.Conv2d(channels, channels, 3, padding=1)
        self.objectness, self.deltas = nn.Conv2d(channels, 3, 1), nn.Conv2d(channels, 12, 1)
        self.fc1, self.fc2 = nn.Linear(49 * channels, hidden), nn.Linear(hidden, hidden)
        self.cls, self.reg = nn.Linear(hidden, 2), nn.Linear(hidden, 4)
        convs = [m for _ in range(4) for m in (nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(True))]
        self.mask = nn.Sequential(
            *convs, nn.ConvTranspose2d(channels, channels, 2, 2), nn.ReLU(True), nn.Conv2d(channels, 1, 1)
        )
        self.anchors = [self.make_anchors(s) for s in (*STRIDES, 64)]

    @staticmethod
    def make_anchors(stride):
        n = SIZE // stride
        ratio = torch.tensor([0.5, 1.0, 2.0])
        h, w = 4 * stride * ratio.sqrt(), 4 * stride / ratio.sqrt()
        base = torch.stack([-w, -h, w, h], 1) / 2
        y, x = torch.meshgrid(torch.arange(n) * stride, torch.arange(n) * stride, indexing="ij")
        return (torch.stack([x, y, x, y], 2).reshape(-1, 1, 4) + base).reshape(-1, 4)

    def forward(self, image, objects, masks):
        maps = [lateral(x) for lateral, x in zip(self.laterals, self.maps(image))]
        for i in (2, 1, 0):
            maps[i] = maps[i] + F.interpolate(maps[i + 1], size=maps[i].shape[2:], mode="nearest")
        maps = [smooth(x) for smooth, x in zip(self.smooth, maps)]
        maps.append(maps[-1][:, :, ::2, ::2])
        scores, deltas = [], []
        for x in maps:
            read = F.relu(self.rpn(x))
            scores.append(self.objectness(read).permute(0, 2, 3, 1).flatten(1))
            deltas.append(self.deltas(read).permute(0, 2, 3, 1).reshape(len(image), -1, 4))
        losses, regions, goals = [], [], []
        anchors, all_scores, all_deltas = torch.cat(self.anchors), torch.cat(scores, 1), torch.cat(deltas, 1)
        for n in range(len(image)):
            index, positive, negative = assign(anchors, objects[n], 0.7, 0.3, True)
            own, other = sample(positive, negative, 256, 0.5)
            both = torch.cat([own, other])
            target = torch.cat([torch.ones(len(own)), torch.zeros(len(other))])
            losses.append(F.binary_cross_entropy_with_logits(all_scores[n][both], target))
            goal = encode(objects[n][index[own]], anchors[own])
            losses.append((all_deltas[n][own] - goal).abs().sum() / len(both))
            with torch.no_grad():
                boxes = self.proposals([s[n] for s in scores], [d[n] for d in deltas])
            boxes = torch.cat([boxes, objects[n]])
            index, positive, negative = assign(boxes, objects[n], 0.5, 0.5)
            own, other = sample(positive, negative, 128, 0.25)
            regions.append(boxes[torch.cat([own, other])])
            goals.append((len(own), index[own], n))
        read = F.relu(self.fc2(F.relu(self.fc1(roi_align(maps, regions, 7).flatten(1)))))
        logits, moved = self.cls(read), self.reg(read)
        start, targets, positive, aims = 0, [], [], []
        for (count, index, n), own in zip(goals, regions):
            targets.append(torch.cat([torch.zeros(count), torch.ones(len(own) - count)]).long())
            positive.append(torch.arange(start, start + count))
            aims.append(encode(objects[n][index], own[:count], (10, 10, 5, 5)))
            start += len(own)
        losses.append(F.cross_entropy(logits, torch.cat(targets)))
        losses.append((moved[torch.cat(positive)] - torch.cat(aims)).abs().sum() / start)
        found = [own[:count] for (count, _, _), own in zip(goals, regions)]
        drawn = self.mask(roi_align(maps, found, 14))
        inside = [masks[n][index][:, None] for count, index, n in goals]
        goal = [roi_align_masks(m, b) for m, b in zip(inside, found)]
        losses.append(F.binary_cross_entropy_with_logits(drawn, torch.cat(goal)))
        return sum(losses)

    def proposals(self, scores, deltas):
        boxes, best = [], []
        for own, moved, anchors in zip(scores, deltas, self.anchors):
            top, index = own.sigmoid().topk(min(400, len(own)))
            found = decode(moved[index], anchors[index])
            kept = nms(found, top, 0.7)
            boxes.append(found[kept])
            best.append(top[kept])
        order = torch.cat(best).topk(min(300, sum(map(len, best)))).indices
        return torch.cat(boxes)[order]


def roi_align_masks(masks, boxes):
    steps = (torch.arange(28) + 0.5) / 28
    x = boxes[:, None, 0] + steps * (boxes[:, 2] - boxes[:, 0])[:, None]
    y = boxes[:, None, 1] + steps * (boxes[:, 3] - boxes[:, 1])[:, None]
    grid = torch.stack([x[:, None, :].expand(-1, 28, -1), y[:, :, None].expand(-1, -1, 28)], 3)
    return (F.grid_sample(masks, grid / SIZE * 2 - 1, align_corners=False) >= 0.5).float()


name = sys.argv[1]
torch.manual_seed(0)
if name == "upernet":
    model, batch = UperNet(), 4
    given = (torch.randint(0, 2, (batch, SIZE, SIZE)),)
else:
    model, batch = MaskRcnn(), 2
    corner = torch.rand(batch, OBJECTS, 2) * (SIZE - 40)
    boxes = torch.cat([corner, corner + 12 + 24 * torch.rand(batch, OBJECTS, 2)], 2)
    at = torch.arange(SIZE) + 0.5
    inside = lambda low, high: (at >= low[..., None]) & (at < high[..., None])
    masks = inside(boxes[..., 1], boxes[..., 3])[..., :, None] & inside(boxes[..., 0], boxes[..., 2])[..., None, :]
    given = (list(boxes), list(masks.float()))
images = torch.randn(batch, 3, SIZE, SIZE)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05, fused=True)


def step():
    optimizer.zero_grad()
    loss = model(images, *given)
    loss.backward()
    optimizer.step()
    loss.item()


answer(step)
