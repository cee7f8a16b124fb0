import type { EpochRecord } from '@kcr/core';
import { expect, test } from 'vitest';
import { progress } from './progress.ts';

/** A stream that keeps what is written. */
function listen() {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (text: string) => lines.push(text) };
  return { lines, on: progress(stream as unknown as NodeJS.WriteStream) };
}

test('an epoch is a line with its metrics and the time left', () => {
  const { lines, on } = listen();
  const metrics = { top1: 'top-1', maskAP: 'mask AP' };
  on({ type: 'training', stage: 'compact', epochs: 2 });
  const record = { epoch: 2, loss: 1.23456, valTop1: 0.5, valLoss: 1 };
  on({ type: 'epoch', stage: 'compact', record, epochs: 2, metrics });
  on({ type: 'trained', stage: 'compact' });
  expect(lines).toEqual(['compact: epoch 2/2, loss 1.2346, top-1 50.0 %, 0 s left\n']);
});

test('an epoch of which some images or none were evaluated says so', () => {
  const { lines, on } = listen();
  const metrics = { top1: 'top-1' };
  on({ type: 'training', stage: 'compact', epochs: 2 });
  const records: EpochRecord[] = [
    { epoch: 1, loss: 1, valSampleTop1: 0.25 },
    { epoch: 2, loss: 1 },
  ];
  for (const record of records) on({ type: 'epoch', stage: 'compact', record, epochs: 2, metrics });
  on({ type: 'trained', stage: 'compact' });
  expect(lines).toEqual([
    expect.stringMatching(/^compact: epoch 1\/2, loss 1.0000, top-1 25.0 % of a sample, /),
    'compact: epoch 2/2, loss 1.0000, 0 s left\n',
  ]);
});

test('what was left out is a warning for each reason', () => {
  const { lines, on } = listen();
  on({ type: 'skipped', where: 'x.json', entries: { COCO_BOX: 2, COCO_SCORE: 1 } });
  on({ type: 'warning', message: 'a mask has collapsed' });
  expect(lines).toEqual([
    'warning: x.json: 2 entries left out (COCO_BOX)\n',
    'warning: x.json: 1 entries left out (COCO_SCORE)\n',
    'warning: a mask has collapsed\n',
  ]);
});

test('steps and tries of pruning are lines with shares and points', () => {
  const { lines, on } = listen();
  on({ type: 'pruning', criterion: '@kcr/lfc#lfs', images: 12 });
  const report = { name: 'round 1/2', step: 1, steps: 2, macs: 50, params: 90, channels: 0.4 };
  on({ type: 'pruning-step', report, whole: { macs: 100, params: 100 } });
  on({
    type: 'pruning-try',
    report: {
      block: 'blocks.0',
      turn: 1,
      blocks: 2,
      what: 'tokens',
      count: 3,
      drop: 0.5,
      allowed: 1,
    },
  });
  expect(lines[0]).toBe('prune: @kcr/lfc#lfs on 12 images\n');
  expect(lines[1]).toMatch(
    /^prune: round 1\/2, 50\.0 % of MACs, 90\.0 % of parameters, 40\.0 % of the channels that may go, 0 s left\n$/,
  );
  expect(lines[2]).toBe(
    'prune: blocks.0 (1/2), 3 tokens fewer: drop 0.50 of at most 1.00 points\n',
  );
});

test('a download is a line for each file, in the unit of its size', () => {
  const { lines, on } = listen();
  const download = (where: string, done: number, bytes: number) =>
    on({ type: 'download', where, done, bytes });
  download('hf://timm/x, config.json', 0, 640);
  download('hf://timm/x, config.json', 640, 640);
  download('hf://timm/x, model.safetensors', 65_536, 22_900_000);
  download('hf://timm/x, model.safetensors', 22_900_000, 22_900_000);
  expect(lines).toEqual([
    'hf://timm/x, config.json: 0.6 of 0.6 kB\n',
    'hf://timm/x, model.safetensors: 22.9 of 22.9 MB\n',
  ]);
});
