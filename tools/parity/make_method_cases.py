"""Makes reference values of pruning methods: python3 tools/parity/make_method_cases.py DIR

Needs torch and numpy. Writes DIR/methods.json: a tiny ViT with its weights and images, and what the methods' papers (or, where
it says so, their official code) compute of them, in float64 and written from the formulas. Weights, images and noise are
multiples of 1/64, so that they are the same numbers in float32.

Sources: VTC-LFC (Wang et al. 2022) eq. 2 to 9; EViT (Liang et al. 2022) eq. 2 and 3; ToMe (Bolya et al. 2023) sec. 3; NTK-SAP
(Wang et al. 2023) eq. 9 with a mask for each channel; ViT-Slim (Chavan et al. 2022) eq. 2 to 4; NViT (Yang et al. 2021) and
Molchanov et al. 2019 for Taylor scores; S2ViTE (Chen et al. 2021) sec. 3.2.
"""

import json
import pathlib
import sys

import numpy as np
import torch

SEED = 20260115
SIDE, PATCH, CHANS, WIDTH, HEADS, DEPTH, HIDDEN, CLASSES, IMAGES = 16, 4, 3, 8, 2, 2, 12, 3, 4
GRID = SIDE // PATCH
TOKENS = GRID * GRID + 1
HEAD = WIDTH // HEADS

rng = np.random.default_rng(SEED)


def draw(*shape, scale=1.0):
    """Normal numbers, as multiples of 1/64."""
    return torch.tensor(np.round(64 * scale * rng.standard_normal(shape)) / 64, dtype=torch.float64)


def shapes():
    yield "cls_token", (1, 1, WIDTH)
    yield "pos_embed", (1, TOKENS, WIDTH)
    yield "patch_embed.proj.weight", (WIDTH, CHANS, PATCH, PATCH)
    yield "patch_embed.proj.bias", (WIDTH,)
    for i in range(DEPTH):
        for name, rows, columns in [
            ("attn.qkv", 3 * WIDTH, WIDTH),
            ("attn.proj", WIDTH, WIDTH),
            ("mlp.fc1", HIDDEN, WIDTH),
            ("mlp.fc2", WIDTH, HIDDEN),
        ]:
            yield f"blocks.{i}.{name}.weight", (rows, columns)
            yield f"blocks.{i}.{name}.bias", (rows,)
        for norm in ["norm1", "norm2"]:
            yield f"blocks.{i}.{norm}.weight", (WIDTH,)
            yield f"blocks.{i}.{norm}.bias", (WIDTH,)
    yield "norm.weight", (WIDTH,)
    yield "norm.bias", (WIDTH,)
    yield "head.weight", (CLASSES, WIDTH)
    yield "head.bias", (CLASSES,)


def scale_of(name, shape):
    if "patch_embed" in name:
        return 0.2
    return 1.0 if len(shape) < 2 or "embed" in name or "token" in name else 0.3


weights = {name: draw(*shape, scale=scale_of(name, shape)) for name, shape in shapes()}
images = draw(IMAGES, CHANS, SIDE, SIDE)
labels = torch.tensor([0, 1, 2, 1])


def layer_norm(x, w, name):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-6) * w[f"{name}.weight"] + w[f"{name}.bias"]


def linear(x, w, name):
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / 2**0.5))


def heads_of(x):
    return x.reshape(*x.shape[:2], HEADS, HEAD).transpose(1, 2)


def attention(x, w, i, gate, log_sizes=None):
    """The branch's output; the weights [images, heads, queries, keys]; the keys."""
    qkv = linear(gate(f"{i}.in", x), w, f"blocks.{i}.attn.qkv")
    q, k, v = (gate(f"{i}.{part}", y) for part, y in zip("qkv", qkv.split(WIDTH, -1)))
    logits = heads_of(q) @ heads_of(k).transpose(-1, -2) / HEAD**0.5
    if log_sizes is not None:
        logits = logits + log_sizes[:, None, None, :]
    a = logits.softmax(-1)
    context = gate(f"{i}.context", (a @ heads_of(v)).transpose(1, 2).reshape(x.shape))
    return linear(context, w, f"blocks.{i}.attn.proj"), a, heads_of(k)


def vit(x, w, gate=lambda _, y: y, select=None):
    """Logits, and the class token's feature. `select` changes the tokens between attention and MLP."""
    patches = torch.nn.functional.conv2d(
        x, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH
    )
    patches = patches.flatten(2).transpose(1, 2)
    t = torch.cat([w["cls_token"].expand(len(x), -1, -1), patches], 1) + w["pos_embed"]
    sizes = None
    for i in range(DEPTH):
        log_sizes = None if sizes is None else sizes.log()
        branch, a, k = attention(layer_norm(t, w, f"blocks.{i}.norm1"), w, i, gate, log_sizes)
        t = t + branch
        if select is not None:
            t, sizes = select(i, t, a, k, sizes)
        hidden = gate(f"{i}.hidden", gelu(linear(layer_norm(t, w, f"blocks.{i}.norm2"), w, f"blocks.{i}.mlp.fc1")))
        t = t + linear(hidden, w, f"blocks.{i}.mlp.fc2")
    feature = layer_norm(t, w, "norm")[:, 0]
    return linear(feature, w, "head"), feature


def cross_entropy(logits):
    return -logits.log_softmax(-1)[range(len(labels)), labels].mean()


def gradients(loss):
    """d loss(w) / dw by name."""
    w = {name: value.clone().requires_grad_() for name, value in weights.items()}
    found = torch.autograd.grad(loss(w), list(w.values()), allow_unused=True)
    return {name: torch.zeros_like(w[name]) if g is None else g for name, g in zip(w, found)}


# Channels: rows of q and of k together, rows of v, rows of fc1; what reads them are columns of proj and fc2.


def computed(values, i):
    """Sums over the weights that compute each channel."""
    qkv = values[f"blocks.{i}.attn.qkv.weight"].sum(1)
    return {
        f"blocks.{i}.attn.qk": qkv[:WIDTH] + qkv[WIDTH : 2 * WIDTH],
        f"blocks.{i}.attn.v": qkv[2 * WIDTH :],
        f"blocks.{i}.mlp.hidden": values[f"blocks.{i}.mlp.fc1.weight"].sum(1),
    }


def carried(values, i, biases):
    """Sums over all the weights that a channel is tied to."""
    sums = computed(values, i)
    sums[f"blocks.{i}.attn.v"] = sums[f"blocks.{i}.attn.v"] + values[f"blocks.{i}.attn.proj.weight"].sum(0)
    sums[f"blocks.{i}.mlp.hidden"] = sums[f"blocks.{i}.mlp.hidden"] + values[f"blocks.{i}.mlp.fc2.weight"].sum(0)
    if biases:
        qkv = values[f"blocks.{i}.attn.qkv.bias"]
        sums[f"blocks.{i}.attn.qk"] = sums[f"blocks.{i}.attn.qk"] + qkv[:WIDTH] + qkv[WIDTH : 2 * WIDTH]
        sums[f"blocks.{i}.attn.v"] = sums[f"blocks.{i}.attn.v"] + qkv[2 * WIDTH :]
        sums[f"blocks.{i}.mlp.hidden"] = sums[f"blocks.{i}.mlp.hidden"] + values[f"blocks.{i}.mlp.fc1.bias"]
    return sums


def of_blocks(sums):
    """Lists by dimension."""
    return {name: x.tolist() for i in range(DEPTH) for name, x in sums(i).items()}


def low_pass(x, sigma):
    """VTC-LFC eq. 2 with a Gaussian of std sigma * side / 2 bins."""
    u = np.fft.fftfreq(SIDE) * SIDE
    gain = torch.tensor(np.exp(-(u[:, None] ** 2 + u[None] ** 2) / (2 * (sigma * SIDE / 2) ** 2)))
    return torch.fft.ifft2(gain * torch.fft.fft2(x)).real


def lfs(sigma=0.2, balance=0.1):
    filtered = low_pass(images, sigma)
    target = vit(images, weights)[1].log_softmax(-1)

    def divergence(w):
        return (target.exp() * (target - vit(filtered, w)[1].log_softmax(-1))).sum()

    def task(w):
        return cross_entropy(vit(filtered, w)[0])

    def squares(loss):
        return {name: (g * weights[name]) ** 2 for name, g in gradients(loss).items()}

    first, second = squares(task), squares(lambda w: divergence(w) / IMAGES)
    paper = {name: balance * first[name] + (1 - balance) * second[name] for name in weights}
    code = squares(lambda w: balance * task(w) + (1 - balance) * divergence(w) / (IMAGES * WIDTH))
    return {
        "sigma": sigma,
        "lambda": balance,
        "filtered": filtered[0, 0].flatten().tolist(),
        "paper": of_blocks(lambda i: computed(paper, i)),
        "code": of_blocks(lambda i: computed(code, i)),
    }


def taylor():
    changes = {name: g * weights[name] for name, g in gradients(lambda w: cross_entropy(vit(images, w)[0])).items()}
    squares = {name: x**2 for name, x in changes.items()}
    return {
        "squareOfSum": of_blocks(lambda i: {name: x**2 for name, x in carried(changes, i, biases=True).items()}),
        "sumOfSquares": of_blocks(lambda i: carried(squares, i, biases=True)),
    }


def magnitude():
    return {
        str(norm): of_blocks(lambda i: carried({n: x.abs() ** norm for n, x in weights.items()}, i, biases=False))
        for norm in (1, 2)
    }


def s2vite():
    """|A^T dL/dA| of each head's output A, over all images; L1 norms of the neurons' weights."""
    contexts = {}

    def keep(name, y):
        if name.endswith("context"):
            y.retain_grad()
            contexts[name] = y
        return y

    w = {name: value.clone().requires_grad_() for name, value in weights.items()}
    cross_entropy(vit(images, w, keep)[0]).backward()
    norms = magnitude()["1"]

    def of_head(i):
        a = contexts[f"{i}.context"]
        return (a * a.grad).reshape(-1, HEADS, HEAD).sum((0, 2)).abs()

    return {
        "heads": {f"blocks.{i}.attn": of_head(i).tolist() for i in range(DEPTH)},
        "neurons": {name: x for name, x in norms.items() if name.endswith("hidden")},
    }


def ntk_sap(perturbation=1 / 16):
    noise = draw(IMAGES, CHANS, SIDE, SIDE)
    xi = {name: draw(*x.shape) for name, x in weights.items()}
    masks = {}
    for i in range(DEPTH):
        masks[f"blocks.{i}.attn.qk"] = torch.ones(WIDTH, dtype=torch.float64, requires_grad=True)
        masks[f"blocks.{i}.attn.v"] = torch.ones(WIDTH, dtype=torch.float64, requires_grad=True)
        masks[f"blocks.{i}.mlp.hidden"] = torch.ones(HIDDEN, dtype=torch.float64, requires_grad=True)

    def gate(name, y):
        i, part = name.split(".")
        if part in "qk":
            return y * masks[f"blocks.{i}.attn.qk"]
        if part == "v":
            return y * masks[f"blocks.{i}.attn.v"]
        return y * masks[f"blocks.{i}.mlp.hidden"] if part == "hidden" else y

    changed = {name: x + perturbation * xi[name] for name, x in weights.items()}
    difference = vit(noise, weights, gate)[0] - vit(noise, changed, gate)[0]
    ((difference**2).sum() / IMAGES).backward()
    return {
        "perturbation": perturbation,
        "noise": noise.permute(0, 2, 3, 1).flatten().tolist(),
        "xi": {name: x.flatten().tolist() for name, x in xi.items()},
        "scores": {name: m.grad.abs().tolist() for name, m in masks.items()},
    }


def vit_slim(w1=2e-4, w2=5e-5, w3=1e-4):
    """Loss and its gradients: one gate for each channel of a head of q, k and v, one for each neuron, tanh for each token."""
    attn = [(1 + draw(WIDTH, scale=0.5)).requires_grad_() for _ in range(DEPTH)]
    mlp = [(1 + draw(HIDDEN, scale=0.5)).requires_grad_() for _ in range(DEPTH)]
    patch = [draw(TOKENS).requires_grad_() for _ in range(DEPTH)]

    def gate(name, y):
        i, part = int(name[0]), name[2:]
        if part == "in":
            return y * torch.tanh(patch[i])[:, None]
        if part in "qkv":
            return y * attn[i]
        return y * mlp[i] if part == "hidden" else y

    loss = cross_entropy(vit(images, weights, gate)[0])
    total = lambda weight, gates: weight * sum(x.abs().sum() for x in gates)  # noqa: E731
    loss = loss + total(w1, attn) + total(w2, mlp) + total(w3, [torch.tanh(p) for p in patch])
    loss.backward()
    # Patches that a later block needs stay in the earlier ones.
    values = torch.stack([torch.tanh(p) for p in patch]).detach()
    threshold = values.flatten().sort().values[int((1 - 0.5) * values.numel())]
    kept = values >= threshold
    for i in reversed(range(DEPTH - 1)):
        kept[i] = kept[i] | kept[i + 1]
    pack = lambda gates: [x.tolist() for x in gates]  # noqa: E731
    return {
        "l1": [w1, w2, w3],
        "attention": pack(attn),
        "hidden": pack(mlp),
        "patches": pack(patch),
        "loss": loss.item(),
        "gradients": {
            "attention": pack(x.grad for x in attn),
            "hidden": pack(x.grad for x in mlp),
            "patches": pack(x.grad for x in patch),
        },
        "kept": {"share": 0.5, "tokens": [torch.nonzero(k).flatten().tolist() for k in kept]},
    }


def first_block():
    """Tokens after attention and the attention weights of the first block."""
    found = {}

    def look(i, t, a, _, sizes):
        if i == 0:
            found.update(tokens=t, attention=a)
        return t, sizes

    vit(images, weights, select=look)
    return found["tokens"], found["attention"]


def take(t, indices):
    return torch.gather(t, 1, indices[..., None].expand(-1, -1, t.shape[-1]))


def by_scores(scores, keep):
    """Keeps the class token and the `keep` best image tokens of the first block, in order."""

    def select(i, t, a, _, sizes):
        if i > 0:
            return t, sizes
        best = scores(t, a)[:, 1:].topk(keep, -1).indices.sort(-1).values + 1
        return torch.cat([t[:, :1], take(t, best)], 1), sizes

    return select


def lfe_paper(t, a, sigma):
    """Eq. 6 over all N tokens, eq. 8 with A[i, j] what token i gets from query j, eq. 9."""
    n = t.shape[1]
    k = np.fft.fftfreq(n) * n
    gain = torch.tensor(np.exp(-(k**2) / (2 * (sigma * n / 2) ** 2)))
    filtered = torch.fft.ifft(gain[:, None] * torch.fft.fft(t, dim=1), dim=1).real
    energy = filtered.norm(dim=2) / t.flatten(1).norm(dim=1)[:, None]
    received = a.transpose(-1, -2)
    theta0 = received[:, :, 0, 1:].sum(-1, keepdim=True)
    theta1 = received[:, :, 0, :1]
    attention = (theta0 * received[..., 0] + theta1 * received[..., 1:].sum(-1) / n).mean(1)
    return energy, attention, energy * attention


def lfe_code(t, a, sigma):
    """The official selector, of which the class token has no score: 0 here."""
    n = t.shape[1] - 1
    image = t[:, 1:]
    k = torch.arange(n)
    gain = 1 - torch.exp(-((k - (n - 1) / 2) ** 2) / (2 * (n * (1 - sigma) / 2) ** 2))
    filtered = torch.fft.ifft(gain[:, None] * torch.fft.fft(image, dim=1), dim=1).abs()
    energy = filtered.sum(2) / image.abs().sum(2).mean(1, keepdim=True)
    from_class = (a[:, :, 1:, 0].mean(-1, keepdim=True) * a[:, :, 0, 1:]).mean(1)
    from_image = (a[:, :, :1, 0] * a[:, :, 1:, 1:].mean(2)).mean(1)
    pad = lambda x: torch.nn.functional.pad(x, (1, 0))  # noqa: E731
    energy, attention = pad(energy), pad(from_class + from_image)
    return energy, attention, energy * attention


def lfe(sigma=0.85, keep=9):
    tokens, a = first_block()
    result = {"sigma": sigma, "keep": keep}
    for form, scores in [("paper", lfe_paper), ("code", lfe_code)]:
        energy, attention, score = scores(tokens, a, sigma)
        logits = vit(images, weights, select=by_scores(lambda t, a, f=scores: f(t, a, sigma)[2], keep))[0]
        result[form] = {
            "energy": energy.flatten().tolist(),
            "attention": attention.flatten().tolist(),
            "scores": score.flatten().tolist(),
            "logits": logits.flatten().tolist(),
        }
    return result


def evit(keep=9):
    """The class token's attention, the mean over heads; the others' sum by it is one more token."""

    def select(i, t, a, _, sizes):
        if i > 0:
            return t, sizes
        scores = a[:, :, 0].mean(1)
        order = scores[:, 1:].argsort(-1, descending=True) + 1
        best, rest = order[:, :keep].sort(-1).values, order[:, keep:]
        fused = (take(t, rest) * torch.gather(scores, 1, rest)[..., None]).sum(1, keepdim=True)
        return torch.cat([t[:, :1], take(t, best), fused], 1), sizes

    scores = first_block()[1][:, :, 0].mean(1)
    logits = vit(images, weights, select=select)[0]
    return {"keep": keep, "scores": scores.flatten().tolist(), "logits": logits.flatten().tolist()}


def merge_one(t, k, sizes, r):
    """One image: [n, d], [heads, n, d_h], [n]."""
    metric = k.mean(0)
    metric = metric / metric.norm(dim=-1, keepdim=True)
    even, odd = metric[::2], metric[1::2]
    similarity = even @ odd.T
    similarity[0] = -torch.inf
    best, partner = similarity.max(-1)
    going = best.argsort(descending=True)[:r]
    staying = [i for i in range(len(even)) if i not in going.tolist()]
    sums, total = (t * sizes[:, None])[1::2].clone(), sizes[1::2].clone()
    for i in going.tolist():
        sums[partner[i]] += t[2 * i] * sizes[2 * i]
        total[partner[i]] += sizes[2 * i]
    tokens = torch.cat([t[::2][staying], sums / total[:, None]])
    return tokens, torch.cat([sizes[::2][staying], total])


def tome(r=4):
    sizes_of = []

    def select(_, t, __, k, sizes):
        before = torch.ones(t.shape[:2], dtype=t.dtype) if sizes is None else sizes
        merged = [merge_one(t[b], k[b], before[b], r) for b in range(len(t))]
        tokens, sizes = (torch.stack(part) for part in zip(*merged))
        sizes_of.append(sizes.flatten().tolist())
        return tokens, sizes

    logits = vit(images, weights, select=select)[0]
    return {"r": r, "sizes": sizes_of, "logits": logits.flatten().tolist()}


def rounded(value):
    """Numbers with 10 digits."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, dict):
        return {key: rounded(x) for key, x in value.items()}
    return [rounded(x) for x in value] if isinstance(value, list) else value


def main(directory):
    logits, _ = vit(images, weights)
    file = {
        "made": f"tools/parity/make_method_cases.py, seed {SEED}, torch {torch.__version__}, numpy {np.__version__}",
        "config": dict(
            img_size=SIDE, patch_size=PATCH, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS, mlp_ratio=HIDDEN / WIDTH,
            num_classes=CLASSES,
        ),
        "weights": {name: x.flatten().tolist() for name, x in weights.items()},
        "images": images.permute(0, 2, 3, 1).flatten().tolist(),
        "labels": labels.tolist(),
        "logits": logits.flatten().tolist(),
        "lfs": lfs(),
        "lfe": lfe(),
        "evit": evit(),
        "tome": tome(),
        "taylor": taylor(),
        "magnitude": magnitude(),
        "s2vite": s2vite(),
        "ntkSap": ntk_sap(),
        "slim": vit_slim(),
    }  # fmt: skip
    lines = ",\n".join(f'"{key}": {json.dumps(rounded(value), separators=(",", ":"))}' for key, value in file.items())
    path = pathlib.Path(directory) / "methods.json"
    path.write_text(f"{{\n{lines}\n}}\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(sys.argv[1])
