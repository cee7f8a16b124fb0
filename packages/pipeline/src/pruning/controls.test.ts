import { expect, test } from 'vitest';
import { tinyModel } from '../testing/tiny.ts';
import { controls } from './controls.ts';

const model = await tinyModel();
const counts = (kept: Readonly<Record<string, readonly number[]>>) =>
  Object.fromEntries(Object.entries(kept).map(([name, channels]) => [name, channels.length]));

test('random channels are as many of each dimension, others with another seed', () => {
  const kept = { 'blocks.0.mlp.hidden': [0, 1, 2, 3, 4, 5, 6, 7], 'blocks.0.mlp.io': [7] };
  const first = controls.random(model, kept, 0);
  expect(counts(first)).toEqual(counts(kept));
  expect(controls.random(model, kept, 0)).toEqual(first);
  expect(controls.random(model, kept, 1)).not.toEqual(first);
  expect(first).not.toEqual(kept);
});

test('every channel is drawn as often as another', () => {
  const drawn = new Array<number>(32).fill(0);
  const runs = 800;
  for (let seed = 0; seed < runs; seed++) {
    const kept = controls.random(model, { 'blocks.0.mlp.hidden': [...Array(8).keys()] }, seed);
    for (const channel of kept['blocks.0.mlp.hidden']!) drawn[channel]!++;
  }
  // 800 draws of probability 1/4: mean 200, standard deviation 12.2.
  for (const count of drawn) expect(Math.abs(count - 200)).toBeLessThan(5 * 12.3);
});
