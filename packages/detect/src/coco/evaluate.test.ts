import { readFile } from 'node:fs/promises';
import {
  type CocoDetection,
  type CocoGroundTruth,
  type CocoType,
  detectedObjects,
  truthObjects,
} from '@kcr/data';
import { describe, expect, test } from 'vitest';
import { type CocoSummary, cocoEvaluate } from './evaluate.ts';

interface Case {
  truth: CocoGroundTruth;
  detections: CocoDetection[];
  expected: Record<CocoType, CocoSummary>;
}

/** Made by tools/parity/make_coco_cases.py with pycocotools 2.0.11. */
const readCase = async (i: number): Promise<Case> =>
  JSON.parse(await readFile(new URL(`../../fixtures/coco-${i}.json`, import.meta.url), 'utf8'));

function run({ truth, detections }: Omit<Case, 'expected'>, type: CocoType) {
  return cocoEvaluate(
    truthObjects(truth, type).objects,
    detectedObjects(truth, detections, type).objects,
    truth.images.map(({ id }) => id),
    truth.categories.map(({ id }) => id),
  );
}

describe.each([0, 1, 2])('case %i', (i) => {
  test.each(['bbox', 'segm'] as const)('%s: the twelve figures of pycocotools', async (type) => {
    const given = await readCase(i);
    const found = run(given, type);
    for (const [name, value] of Object.entries(given.expected[type]))
      expect(Math.abs(found[name as keyof CocoSummary] - value), name).toBeLessThan(1e-9);
  });
});

test('detections that are the objects themselves are perfect, none at all have no recall', async () => {
  const { truth } = await readCase(0);
  const own = { ...truth, annotations: truth.annotations.filter(({ iscrowd }) => !iscrowd) };
  const perfect = own.annotations.map((annotation) => ({ ...annotation, score: 0.5 }));
  for (const type of ['bbox', 'segm'] as const) {
    const found = run({ truth: own, detections: perfect }, type);
    expect(found.AP).toBeCloseTo(1, 9);
    expect(found.AR100).toBe(1);
    const nothing = run({ truth: own, detections: [] }, type);
    expect(nothing).toMatchObject({ AP: 0, AR100: 0 });
  }
  expect(run({ truth: { ...own, annotations: [] }, detections: perfect }, 'bbox').AP).toBe(-1);
});
