import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { swin, vit } from '@kcr/backbones';
import {
  adapt,
  Generator,
  Model,
  plainPreprocessing,
  readSafetensors,
  type StateDict,
  saveModel,
  writeSafetensors,
} from '@kcr/core';
import { tome } from '@kcr/criteria';
import { heads, withHead } from '@kcr/detect';
import { largeWeights } from '../../../integration/src/helpers.ts';

const small = { img_size: 32, patch_size: 8, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 };

/** A ViT of 32 px with two classes. */
const classifier = () => new Model(vit, vit.configure(small));

/** A head on a Swin of 32 px. */
function dense(head: 'upernet' | 'mask_rcnn', config: object): Model {
  const backbone = new Model(
    swin,
    swin.configure({
      img_size: 32,
      window_size: 4,
      embed_dim: 8,
      depths: [1, 1],
      num_heads: [1, 2],
    }),
  );
  return withHead(heads[head]!, backbone, config);
}

async function save(folder: string, model: Model, weights: StateDict, classes: string[]) {
  const input = plainPreprocessing(model.inputShape);
  await saveModel(folder, model, weights, { classes, input });
}

/** Weights that give the same logits whatever the image: the last layers' biases. */
function constant(model: Model, layer: string, logits: readonly number[]): StateDict {
  const weights = model.initialize(new Generator(0));
  for (const [name, { data }] of Object.entries(weights)) {
    if (name.endsWith(`${layer}.weight`)) data.fill(0);
    if (name.endsWith(`${layer}.bias`)) data.set(logits);
  }
  return weights;
}

const twoStage = {
  num_classes: 1,
  out_channels: 8,
  fc_out_channels: 16,
  anchor_scale: 2,
  rcnn_num: 16,
  rpn_nms_pre: 40,
  rpn_max_per_img: 20,
  rpn_num: 32,
  // Above what softmax gives: nothing is found.
  score_thr: 1,
  max_per_img: 10,
};

/** Writes a checkpoint with other values in the weights. */
async function damaged(from: string, to: string, change: (weights: StateDict) => void) {
  const file = await readSafetensors(join(from, 'model.safetensors'));
  change(file.tensors);
  await mkdir(to, { recursive: true });
  await writeSafetensors(join(to, 'model.safetensors'), file);
  await writeFile(join(to, 'model.json'), await readFile(join(from, 'model.json')));
}

type Json = Record<string, unknown> & { config: object };

const module = { module: './payload.mjs', name: 'vit' };
const plain = { module: '@kcr/backbones', name: 'vit' };
const configured = (change: object) => (json: Json) => ({
  ...json,
  config: { ...json.config, ...change },
});
const normalized = (mean: unknown, std: unknown) => (json: Json) => {
  const { input: _, ...rest } = json;
  return { ...rest, version: 1, normalization: mean === null ? null : { mean, std } };
};

/** Wrong `model.json`, by the name of the checkpoint's folder. */
const wrongFiles: Readonly<Record<string, (json: Json) => object>> = {
  'std-0': normalized([0.5, 0.5, 0.5], [0, 0, 0]),
  'norm-empty': normalized([], []),
  'norm-text': normalized('abc', 'abc'),
  'norm-null': normalized(null, null),
  'embed-negative': configured({ embed_dim: -8 }),
  'no-channels': configured({ in_chans: 0 }),
  'no-heads': configured({ num_heads: 0 }),
  'depth-million': configured({ depth: 10_000_000 }),
  'depth-text': configured({ depth: '1' }),
  'patch-half': configured({ patch_size: 8.5 }),
  'image-huge': configured({ img_size: 100_000 }),
  'classes-billion': configured({ num_classes: 1e9 }),
  'no-architecture': (json) => ({ ...json, architecture: null }),
  'adapter-null': (json) => ({
    ...json,
    adapters: [{ module: '@kcr/masks', name: 'qkMask', options: null }],
  }),
  'kept-outside': (json) => ({ ...json, kept: { 'blocks.0.mlp.hidden': [1e9] } }),
  'kept-text': (json) => ({ ...json, kept: { 'blocks.0.mlp.hidden': 'abc' } }),
  'classes-text': (json) => ({ ...json, classes: 'cat' }),
  'classes-twice': (json) => ({ ...json, classes: ['cat', 'cat'] }),
  'classes-few': (json) => ({ ...json, classes: ['cat'] }),
  'classes-reversed': (json) => ({ ...json, classes: ['dog', 'cat'] }),
  'evil-architecture': (json) => ({ ...json, architecture: module }),
  'evil-head': (json) => ({ ...json, architecture: { ...module, backbone: plain } }),
  'evil-adapter': (json) => ({ ...json, adapters: [{ ...module, options: {} }] }),
};

/** Code that leaves a mark where it has run: a command that reads the checkpoint then fails by another error. */
const PAYLOAD = "throw new Error('the payload ran');\n";

/** Writes checkpoints into folders of their names. */
export async function makeCheckpoints(root: string): Promise<void> {
  const at = (name: string) => join(root, name);
  // Probabilities of 0.75 and 0.25.
  await save(at('constant'), classifier(), constant(classifier(), 'head', [Math.log(3), 0]), [
    'cat',
    'dog',
  ]);
  const tiny = new Model(vit, vit.configure({ ...small, img_size: 8, patch_size: 4 }));
  for (const [name, seed] of Object.entries({ grey: 1, 'grey-2': 2 }))
    await save(at(name), tiny, tiny.initialize(new Generator(seed)), ['dark', 'light']);
  const three = new Model(vit, { ...tiny.config, num_classes: 3 });
  await save(at('grey-3'), three, three.initialize(new Generator(1)), ['dark', 'grey', 'light']);
  await save(at('pixels'), classifier(), largeWeights(classifier()), ['cat', 'dog']);
  const merging = adapt(classifier(), [tome({ r: 3 })]);
  await save(at('tome'), merging, merging.initialize(new Generator(0)), ['cat', 'dog']);
  const segmenter = dense('upernet', { num_classes: 2, channels: 8, auxiliary_channels: 4 });
  await save(at('background'), segmenter, constant(segmenter, 'conv_seg', [1, 0]), [
    'background',
    'thing',
  ]);
  const detector = dense('mask_rcnn', twoStage);
  await save(at('detector'), detector, detector.initialize(new Generator(0)), ['thing']);
  for (const [name, value] of Object.entries({
    nan: Number.NaN,
    infinite: Number.POSITIVE_INFINITY,
  }))
    await damaged(at('constant'), at(name), (weights) =>
      weights['norm.weight']!.data.fill(value, 0, 1),
    );
  await damaged(at('pixels'), at('huge'), (weights) => {
    for (const name of ['norm.weight', 'head.weight']) weights[name]!.data.fill(3e38);
  });
  const json: Json = JSON.parse(await readFile(join(at('constant'), 'model.json'), 'utf8'));
  for (const [name, change] of Object.entries(wrongFiles)) {
    await damaged(at('constant'), at(name), () => {});
    await writeFile(join(at(name), 'model.json'), JSON.stringify(change(json)));
    await writeFile(join(at(name), 'payload.mjs'), PAYLOAD);
  }
}
