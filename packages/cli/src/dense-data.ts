import { join } from 'node:path';
import { type ImageSet, KcrError, type Normalization } from '@kcr/core';
import {
  cocoInstances,
  type Framing,
  fitted,
  flipped,
  type InstanceDatasetOptions,
  type InstanceSource,
  instanceDataset,
  instanceFolder,
  photometricDistortion,
  type SemanticSource,
  scaleJitter,
  semanticDataset,
  semanticFolder,
  shortSide,
} from '@kcr/data';
import type { DenseData } from './recipe.ts';

type Kind<K extends DenseData['kind']> = Extract<DenseData, { kind: K }>;

function framingOf({ framing, flip }: DenseData): Framing {
  const chosen = !framing
    ? fitted
    : 'shortSide' in framing
      ? shortSide(framing.shortSide)
      : scaleJitter(framing.scaleJitter);
  return flip ? flipped(chosen, flip) : chosen;
}

/** Says what was left out, on standard error. */
export function tellSkipped(where: string, skipped: Readonly<Record<string, number>>): void {
  for (const [code, n] of Object.entries(skipped))
    process.stderr.write(`warning: ${where}: ${n} entries left out (${code})\n`);
}

/** Training and test data of a recipe for a dense task. */
export async function denseData(
  data: DenseData,
  root: string,
  shape: readonly [number, number, number],
  normalization: Normalization,
): Promise<{ train: ImageSet; test: ImageSet }> {
  const [height, width, channels] = shape;
  const test = { normalization, canvas: { height, width } };
  const train = {
    ...test,
    framing: framingOf(data),
    augment: data.augment.map(() => photometricDistortion()),
  };
  const reader = { channels: channels as 1 | 3, invalid: data.invalid };
  if (data.kind === 'semantic') {
    const { maxClassShare, testViews: testing } = data;
    const [own, other] = await bothSplits(data, (split) =>
      semanticSource(data, split, root, reader),
    );
    return {
      train: semanticDataset(own, { ...train, maxClassShare }),
      test: semanticDataset(other, { ...test, testing }),
    };
  }
  const [own, other] = await bothSplits<InstanceSource>(data, (split) =>
    data.kind === 'coco'
      ? cocoSource(data, split, root, reader)
      : instanceFolder(root, { ...data[split], ...reader, className: data.className }),
  );
  if (own.classes.join() !== other.classes.join())
    throw new KcrError('DATASET_CLASSES', {
      where: root,
      found: 'other categories in the test annotations than in the training annotations',
      fix: 'List the same categories in the same order in both files',
    });
  const testOptions: InstanceDatasetOptions =
    data.kind === 'coco' && data.testFraming
      ? { ...test, testFraming: shortSide(data.testFraming.shortSide) }
      : test;
  return { train: instanceDataset(own, train), test: instanceDataset(other, testOptions) };
}

type Split = 'train' | 'test';
interface Reader {
  channels: 1 | 3;
  invalid: DenseData['invalid'];
}

async function bothSplits<S extends InstanceSource | SemanticSource>(
  data: DenseData,
  read: (split: Split) => Promise<S>,
): Promise<[S, S]> {
  const both = await Promise.all([read('train'), read('test')]);
  both.forEach(({ skipped }, i) => {
    tellSkipped(Object.values(data[i === 0 ? 'train' : 'test']).join(', '), skipped);
  });
  return both;
}

const semanticSource = (data: Kind<'semantic'>, split: Split, root: string, reader: Reader) => {
  const { classes, ignore, reduceZeroLabel, instanceIds } = data;
  return semanticFolder(root, {
    classes,
    ignore,
    reduceZeroLabel,
    instanceIds,
    ...data[split],
    ...reader,
  });
};

const cocoSource = (data: Kind<'coco'>, split: Split, root: string, reader: Reader) => {
  const { annotations, images } = data[split];
  const options = { ...reader, masks: data.masks };
  return cocoInstances(join(root, annotations), join(root, images), options);
};
