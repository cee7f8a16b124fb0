import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A safetensors file of a header and zeros. */
function safetensors(header: string, size: number): Buffer {
  const text = Buffer.from(header);
  const bytes = Buffer.alloc(8 + text.length + size);
  bytes.writeBigUInt64LE(BigInt(text.length));
  text.copy(bytes, 8);
  return bytes;
}

const entry = (shape: string, end: number) =>
  `{"dtype":"F32","shape":[${shape}],"data_offsets":[0,${end}]}`;

/** 20,000 tensors that are all said to lie in the same 400 KB. */
const overlapping = () =>
  safetensors(
    `{${Array.from({ length: 20_000 }, (_, i) => `"t${i}":${entry('100000', 400_000)}`).join()}}`,
    400_000,
  );

/** 300,000 tensors without elements. */
const manyEmpty = () =>
  safetensors(
    `{${Array.from({ length: 300_000 }, (_, i) => `"t${i}":${entry('0', 0)}`).join()}}`,
    0,
  );

const longShape = () => safetensors(`{"a":${entry(`0${',1'.repeat(10_000_000)}`, 0)}}`, 0);

const model = {
  name: 'vit_tiny_patch16_224',
  config: { img_size: 8, patch_size: 4, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 },
};
const training = { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } };

/** A recipe that trains one epoch. @param change other fields */
const recipe = (change: object = {}) => ({
  name: 'tiny',
  model,
  data: {},
  dense: training,
  retrain: training,
  complexity: { rank: 1, landmarks: 2 },
  ...change,
});

const unlabelled = { images: 'labels/all-255/images', labels: 'labels/all-255/labels' };

/** A segmenter that is trained on images of which no pixel has a label. */
const segmentation = {
  name: 'maps',
  data: {
    kind: 'semantic',
    classes: ['background', 'thing'],
    train: unlabelled,
    test: unlabelled,
  },
  model: {
    name: 'swin_tiny_patch4_window7_224',
    config: { img_size: 32, window_size: 4, embed_dim: 8, depths: [1, 1], num_heads: [1, 2] },
    head: { name: 'upernet', config: { num_classes: 2, channels: 8, auxiliary_channels: 4 } },
  },
  retrain: { ...training, batchSize: 1 },
  complexity: { rank: 1, landmarks: 1 },
};

/** Recipes by name. */
const recipes: Readonly<Record<string, object>> = {
  plain: recipe(),
  'no-labels': segmentation,
  'other-normalization': recipe({ data: { normalization: { mean: [0.1], std: [0.2] } } }),
  'other-augmentation': recipe({ data: { augment: ['randAugment'], mix: { mixup: 0.8 } } }),
  'other-rate': recipe({ dense: { ...training, optimizer: { lr: 1e-4 } } }),
  'mixup-20': recipe({ data: { mix: { mixup: 20 } } }),
  diverging: recipe({ dense: { ...training, batchSize: 8, optimizer: { lr: 1e30 } } }),
  'diverging-later': recipe({ dense: { ...training, optimizer: { lr: 1e30 } } }),
  'more-classes': recipe({ model: { ...model, config: { ...model.config, num_classes: 3 } } }),
  wide: recipe({
    model: { ...model, config: { ...model.config, img_size: [8, 16] } },
    data: { augment: ['horizontalFlip', 'transpose'] },
  }),
  'larger-images': recipe({ model: { ...model, config: { ...model.config, img_size: 16 } } }),
};

/** Writes recipes and single files. */
export async function makeSingleFiles(made: string): Promise<void> {
  await mkdir(join(made, 'recipes'), { recursive: true });
  for (const [name, content] of Object.entries(recipes))
    await writeFile(join(made, `recipes/${name}.json`), JSON.stringify(content));
  for (const [name, bytes] of Object.entries({
    overlapping: overlapping(),
    manyEmpty: manyEmpty(),
    longShape: longShape(),
  }))
    await writeFile(join(made, `${name}.safetensors`), bytes);
  const metric = { '<script>alert(1)</script>': 1 };
  await mkdir(join(made, 'markup'), { recursive: true });
  await writeFile(
    join(made, 'markup/analysis.json'),
    JSON.stringify({ name: 'x', models: { compact: metric } }),
  );
  // As torch.save writes: the beginning of a zip.
  await writeFile(
    join(made, 'deit.pth'),
    Buffer.concat([Buffer.from('PK\x03\x04\0\0\x08\x08'), Buffer.alloc(500)]),
  );
  await writeFile(
    join(made, 'deep.json'),
    `[{"bbox": ${'['.repeat(100_000)}${']'.repeat(100_000)}}]`,
  );
}
