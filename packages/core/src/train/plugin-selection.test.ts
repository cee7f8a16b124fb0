import { vit } from '@kcr/backbones';
import { expect, test } from 'vitest';
import type { Architecture } from '../model/architecture.ts';
import { Model } from '../model/model.ts';
import type { AttachedPlugin } from './attaching.ts';
import { pluginSelection } from './plugin-selection.ts';

const config = { img_size: 4, patch_size: 2, embed_dim: 4, depth: 2, num_heads: 1, num_classes: 2 };
const model = new Model(vit as Architecture, vit.configure(config));
const first = 'blocks.0.mlp.hidden';
const second = 'blocks.1.mlp.hidden';
const selects = (name: string, kept: unknown) =>
  ({ name, select: async () => kept }) as AttachedPlugin;

test('what plugins choose in different dimensions comes together', async () => {
  const plugins = [
    selects('a', { [first]: [0, 3] }),
    { name: 'none' },
    selects('b', { [second]: [1] }),
  ];
  expect(await pluginSelection(plugins, model)).toEqual({ [first]: [0, 3], [second]: [1] });
});

test.each<[string, AttachedPlugin[], string, RegExp]>([
  [
    'of one dimension by two plugins',
    [selects('a', { [first]: [0, 3] }), selects('b', { [first]: [0, 3] })],
    'SELECTION_CONFLICT',
    /plugin "b", select, blocks\.0\.mlp\.hidden: .*plugin "a" chooses too/,
  ],
  ['that is nothing', [selects('a', undefined)], 'SELECTION_FORM', /plugin "a", select: undefined/],
  ['that is a Map', [selects('a', new Map())], 'SELECTION_FORM', /Map instead of an object/],
  [
    'of no list',
    [selects('a', { [first]: 3 })],
    'SELECTION_FORM',
    /plugin "a", select, blocks\.0\.mlp\.hidden: 3 instead of a list/,
  ],
  ['of no dimension', [selects('a', { toString: [0] })], 'SELECTION_DIM', /"a", select, toString/],
  [
    'of a channel too far',
    [selects('a', { [first]: [16] })],
    'DIM_INDEX',
    /the channel 16\. Use 0 to 15/,
  ],
  ['of NaN', [selects('a', { [first]: [Number.NaN] })], 'DIM_INDEX', /the channel NaN/],
  ['of a channel twice', [selects('a', { [first]: [2, 2] })], 'DIM_INDEX', /a channel twice/],
  ['of no channel', [selects('a', { [first]: [] })], 'SELECTION_MIN', /0 of 16 channels kept/],
])('a selection %s is refused by the name of the plugin', async (_, plugins, code, message) => {
  await expect(pluginSelection(plugins, model)).rejects.toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});
