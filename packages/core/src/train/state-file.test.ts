import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { float32, int32, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { Generator } from '../ground/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../ground/safetensors.ts';
import { runIdentity } from './run-identity.ts';
import { readState, writeState } from './state-file.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';

const identity = await runIdentity({
  stage: 'fit',
  model: tinyModel(regression),
  data: { train: tinyImages([[0, 1]], [0]) },
  extensions: [],
  options: { seed: 1 },
});
const arrays = {
  'weight:head.bias': float32([2], [0.1, -0.1]),
  'm:head.bias': float32([2], [0, -0]),
  'weight:head.weight': float32([2, 2], [1, 2, 3, 4]),
  'weight:norm.num_batches_tracked': int32([], [7]),
  mask: { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) } as NdArray,
};
const facts = { epoch: 2, history: [{ epoch: 1, loss: 0.5 }, { epoch: 2 }], counts: { all: 4 } };

let folder: string;
let path: string;
let good: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-state-file-'));
  path = join(folder, 'x.safetensors');
  await writeState(path, { arrays, facts }, identity);
  good = new Uint8Array(await readFile(path));
});
afterAll(() => rm(folder, { recursive: true }));

/** What reading gives of a file: `as it was`, or the code of the error. */
async function readingOf(bytes: Uint8Array): Promise<string> {
  await writeFile(path, bytes);
  try {
    expect(await readState(path, identity)).toEqual({ arrays, facts });
    return 'as it was';
  } catch (error) {
    if (error instanceof KcrError && error.where.startsWith(path)) return error.code;
    throw error;
  }
}

/** A copy in which a place is another byte. */
const withByte = (at: number, value: number): Uint8Array => {
  const copy = good.slice();
  copy[at] = value;
  return copy;
};

test('what was saved is read as it was, to the sign of a zero', async () => {
  expect(await readingOf(good)).toBe('as it was');
  const read = await readState(path, identity);
  expect(Object.is(read.arrays['m:head.bias']!.data[1], -0)).toBe(true);
});

test('of 500 damaged copies none is used: flipped bits, other bytes, cut ends', async () => {
  const generator = new Generator(0);
  const place = () => generator.integer(good.length);
  const damages: (() => Uint8Array)[] = [
    () => {
      const at = place();
      return withByte(at, good[at]! ^ (1 << generator.integer(8)));
    },
    () => {
      const at = place();
      return withByte(at, (good[at]! + 1 + generator.integer(255)) % 256);
    },
    () => good.slice(0, place()),
    () => {
      // A value of the biases and one of the weights, which lie next in the file, change places.
      const copy = good.slice();
      const start = good.length - 39;
      const [a, b] = [start + 4 * generator.integer(4), start + 16 + 4 * generator.integer(4)];
      copy.copyWithin(a, b, b + 4);
      copy.set(good.subarray(a, a + 4), b);
      return copy;
    },
  ];
  const codes = new Set<string>();
  for (let i = 0; i < 500; i++) codes.add(await readingOf(damages[i % damages.length]!()));
  expect([...codes]).toEqual(['STATE_DAMAGED']);
});

describe('what was changed by hand', () => {
  type Change = (tensors: Record<string, NdArray>, run: Record<string, unknown>) => void;

  test.each<[string, Change]>([
    ['a missing tensor', (tensors) => void delete tensors['weight:head.bias']],
    ['no tensors', (tensors) => void Object.keys(tensors).map((name) => delete tensors[name])],
    ['a tensor more', (tensors) => void (tensors.more = float32([1]))],
    ['another name', (tensors) => void (tensors.renamed = take(tensors, 'mask'))],
    [
      'two that change places',
      (tensors) => {
        const [a, b] = [take(tensors, 'weight:head.bias'), take(tensors, 'm:head.bias')];
        Object.assign(tensors, { 'weight:head.bias': b, 'm:head.bias': a });
      },
    ],
    [
      'another shape',
      (tensors) => void (tensors['weight:head.weight'] = float32([4], [1, 2, 3, 4])),
    ],
    ['another type', (tensors) => void (tensors['m:head.bias'] = int32([2], [0, 0x80000000 | 0]))],
    ['another epoch', (_, run) => void (run.epoch = 4)],
    ['no counts', (_, run) => void delete run.counts],
    ['another identity', (_, run) => void (run.identity = {})],
    ['no checksum', (_, run) => void delete run.checksum],
    ['another checksum', (_, run) => void (run.checksum = '0'.repeat(64))],
  ])('%s', async (_, change) => {
    const { tensors, metadata } = decodeSafetensors(good, path);
    const run = JSON.parse(metadata.run!);
    change(tensors, run);
    const bytes = encodeSafetensors({ tensors, metadata: { run: JSON.stringify(run) } });
    expect(await readingOf(bytes)).toBe('STATE_DAMAGED');
  });

  test('another file', async () => {
    expect(await readingOf(new Uint8Array(0))).toBe('STATE_DAMAGED');
    expect(await readingOf(encodeSafetensors({ tensors: arrays, metadata: {} }))).toBe(
      'STATE_DAMAGED',
    );
  });
});

/** Takes an entry out. */
function take(tensors: Record<string, NdArray>, name: string): NdArray {
  const { [name]: taken } = tensors;
  delete tensors[name];
  return taken!;
}
