import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32, writeSafetensors } from '@kcr/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readShards } from './shards.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-shards-'));
  for (const [file, ...names] of [
    ['1.safetensors', 'a', 'b'],
    ['2.safetensors', 'c'],
  ])
    await writeSafetensors(join(folder, file!), {
      tensors: Object.fromEntries(names.map((name) => [name, float32([2], name.charCodeAt(0))])),
      metadata: {},
    });
});
afterEach(() => rm(folder, { recursive: true }));

async function read(index: unknown) {
  const path = join(folder, 'model.safetensors.index.json');
  await writeFile(path, typeof index === 'string' ? index : JSON.stringify(index));
  return readShards(path);
}

const whole = { a: '1.safetensors', b: '1.safetensors', c: '2.safetensors' };

test('weights of several files', async () => {
  expect(await read({ metadata: {}, weight_map: whole })).toEqual({
    a: float32([2], 97),
    b: float32([2], 98),
    c: float32([2], 99),
  });
});

test.each<[string, unknown, string, RegExp]>([
  ['no JSON', 'x', 'WEIGHTS_INDEX', /JSON/],
  ['no table', {}, 'WEIGHTS_INDEX', /weight_map/],
  [
    'a file that is not there',
    { weight_map: { ...whole, d: '3.safetensors' } },
    'WEIGHTS_INDEX',
    /no file 3/,
  ],
  [
    'a tensor that is not there',
    { weight_map: { ...whole, d: '2.safetensors' } },
    'WEIGHTS_INDEX',
    /no d,/,
  ],
  [
    'a tensor of another file',
    { weight_map: { ...whole, b: '2.safetensors' } },
    'WEIGHTS_INDEX',
    /b, which the index has elsewhere/,
  ],
  [
    'a tensor too many',
    { weight_map: { a: '1.safetensors' } },
    'WEIGHTS_INDEX',
    /b, which the index has elsewhere or not/,
  ],
  [
    'a path out of the folder',
    { weight_map: { a: '../1.safetensors' } },
    'WEIGHTS_INDEX',
    /not beside/,
  ],
  ['an absolute path', { weight_map: { a: '/etc/passwd' } }, 'WEIGHTS_INDEX', /not beside/],
  [
    'a path of another system',
    { weight_map: { a: '..\\1.safetensors' } },
    'WEIGHTS_INDEX',
    /not beside/,
  ],
  ['the folder above', { weight_map: { a: '..' } }, 'WEIGHTS_INDEX', /not beside/],
  ['the folder', { weight_map: { a: '.' } }, 'WEIGHTS_INDEX', /not beside/],
  ['a drive', { weight_map: { a: 'c:x' } }, 'WEIGHTS_INDEX', /not beside/],
])('refused is %s', async (_, index, code, found) => {
  await expect(read(index)).rejects.toMatchObject({ code, found: expect.stringMatching(found) });
});
