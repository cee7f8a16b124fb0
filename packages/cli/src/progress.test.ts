import type { EpochRecord } from '@kcr/core';
import { expect, test, vi } from 'vitest';
import { progress, seconds } from './progress.ts';

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
  expect(lines).toEqual([
    'compact: 2 epochs\n',
    'compact: epoch 2/2, loss 1.2346, top-1 50.0 %, 0 s left\n',
  ]);
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
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/^compact: epoch 1\/2, loss 1.0000, top-1 25.0 % of a sample, /),
    'compact: epoch 2/2, loss 1.0000, 0 s left\n',
  ]);
});

test('a long epoch says every few seconds how fast it goes, and what is left of it and of all trainings', () => {
  vi.useFakeTimers();
  try {
    const { lines, on } = listen();
    const stages = [
      { name: 'dense', does: 'trains', steps: 200 },
      { name: 'pruned', does: 'prunes' },
      { name: 'compact', does: 'trains', steps: 100 },
    ];
    on({ type: 'reading', where: 'images' });
    on({ type: 'plan', stages });
    on({ type: 'training', stage: 'dense', epochs: 2 });
    const report = { images: 512, pieces: 8, bytes: 6.2e9, available: 22.1e9 };
    on({ type: 'memory', stage: 'dense', report });
    const step = { epoch: 0, epochs: 2, steps: 100, images: 512, loss: 6.9 };
    for (let i = 1; i <= 11; i++) {
      vi.advanceTimersByTime(1000);
      on({ type: 'step', stage: 'dense', report: { ...step, step: i } });
    }
    expect(lines).toEqual([
      'reading images\n',
      'dense: 2 epochs\n',
      'dense: updates of 512 images in 8 pieces of 64, with some 6.2 GB of memory of 22.1 GB\n',
      'dense: epoch 1/2, step 5/100, loss 6.9000, 512 images/s, 3 min 15 s left, 4 min 55 s in all\n',
      'dense: epoch 1/2, step 10/100, loss 6.9000, 512 images/s, 3 min 10 s left, 4 min 50 s in all\n',
    ]);
    on({ type: 'analysing', model: 'compact', done: 1, models: 2 });
    on({ type: 'timing', models: 2 });
    expect(lines.slice(-2)).toEqual([
      'analysis: compact (2/2)\n',
      'analysis: latencies of 2 models, in turn\n',
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('what takes long is named every ten seconds, until the training has ended', () => {
  vi.useFakeTimers();
  try {
    const { lines, on } = listen();
    on({ type: 'training', stage: 'dense', epochs: 2 });
    vi.advanceTimersByTime(25_000);
    const place = { epoch: 0, epochs: 2, steps: 2, images: 512 };
    on({ type: 'piece', stage: 'dense', report: { ...place, step: 0, piece: 1, pieces: 2 } });
    vi.advanceTimersByTime(10_000);
    on({ type: 'step', stage: 'dense', report: { ...place, step: 1, loss: 1 } });
    vi.advanceTimersByTime(10_000);
    on({ type: 'step', stage: 'dense', report: { ...place, step: 2, loss: 1 } });
    vi.advanceTimersByTime(10_000);
    on({ type: 'epoch', stage: 'dense', record: { epoch: 1, loss: 1 }, epochs: 2, metrics: {} });
    vi.advanceTimersByTime(10_000);
    on({ type: 'trained', stage: 'dense' });
    vi.advanceTimersByTime(60_000);
    expect(lines.filter((line) => line.includes(', for '))).toEqual([
      'dense: preparing the first update, for 10 s\n',
      'dense: preparing the first update, for 20 s\n',
      'dense: piece 2/2 of step 1/2, for 10 s\n',
      'dense: step 2/2, for 10 s\n',
      'dense: evaluation and refreshes after epoch 1, for 10 s\n',
      'dense: step 1 of epoch 2, for 10 s\n',
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('an update of many pieces says how far it is, and its images count once', () => {
  vi.useFakeTimers();
  try {
    const { lines, on } = listen();
    on({ type: 'training', stage: 'dense', epochs: 2 });
    const report = { epoch: 0, epochs: 2, step: 0, steps: 2, images: 64, pieces: 4 };
    const piece = (number: number) => {
      vi.advanceTimersByTime(4000);
      on({ type: 'piece', stage: 'dense', report: { ...report, piece: number } });
    };
    for (const number of [1, 2, 3, 4]) piece(number);
    on({ type: 'step', stage: 'dense', report: { ...report, step: 1, loss: 6.9 } });
    report.step = 1;
    for (const number of [1, 2]) piece(number);
    expect(lines.slice(1)).toEqual([
      'dense: epoch 1/2, step 1/2, piece 2/4, 4.0 images/s, 56 s left\n',
      'dense: epoch 1/2, step 1/2, piece 4/4, 4.0 images/s, 48 s left\n',
      'dense: epoch 1/2, step 2/2, piece 2/4, 4.0 images/s, 40 s left\n',
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  [59.6, '60 s'],
  [125, '2 min 05 s'],
  [3 * 3600 + 240, '3 h 04 min'],
  [76.5 * 3600, '3 d 04 h'],
])('%f seconds are %s', (s, text) => {
  expect(seconds(s)).toBe(text);
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
