import { describe, expect, test } from 'vitest';
import { ones, zeros } from '../model/initializer.ts';
import { checkPaths, freezingOf, frozenParts } from './freezing.ts';
import { lastLayer } from './last-layer.ts';
import { rateFactors } from './rate-factors.ts';
import { regression, tinyModel } from './testing.ts';

const model = tinyModel((m, pixels) => {
  for (const name of ['stem', 'blocks.1', 'blocks.10']) m.child(name).param('weight', [2], ones);
  m.child('stem').buffer('running_mean', [2], zeros);
  return regression(m, pixels);
});

const frozen = (freezing: Parameters<typeof frozenParts>[1]) =>
  model.params.map(({ name }) => name).filter(frozenParts(model, freezing));

const head = ['head.weight', 'head.bias'];
const stem = ['stem.weight', 'stem.running_mean'];

describe('what is frozen', () => {
  test.each([
    ['nothing', {}, []],
    ['what is in a path, buffers too', { freeze: ['stem'] }, stem],
    [
      'a block, and not one whose name begins like its',
      { freeze: ['blocks.1'] },
      ['blocks.1.weight'],
    ],
    ['one parameter', { freeze: ['stem.weight', 'head.bias'] }, ['stem.weight', 'head.bias']],
    [
      'all but what is trained',
      { trainable: ['head', 'blocks.10'] },
      ['stem.weight', 'blocks.1.weight', 'stem.running_mean'],
    ],
    [
      'all where nothing is trained',
      { trainable: [] },
      ['stem.weight', 'blocks.1.weight', 'blocks.10.weight', 'stem.running_mean', ...head],
    ],
  ])('%s', (_, freezing, expected) => {
    expect(frozen(freezing)).toEqual(expected);
  });

  test('a search with frozen weights trains none of them', () => {
    expect(freezingOf({ freezeWeights: true })).toEqual({ trainable: [] });
    expect(freezingOf({ freeze: ['stem'], freezeWeights: false })).toEqual({ freeze: ['stem'] });
  });

  test.each([
    ['freeze', { freeze: ['stem', 'block.1'] }, /"block\.1".*tiny/, /such as blocks\.1,/],
    ['freeze', { freeze: ['blocks.1.wei'] }, /"blocks\.1\.wei"/, /blocks\.1\.weight/],
    ['trainable', { trainable: ['haed'] }, /"haed"/, /head/],
    ['trainable', { freeze: ['stem'], trainable: ['head'] }, /beside `freeze`/, /./],
    ['trainable', { trainable: [''] }, /""/, /./],
  ])('%s is refused: %j', (where, freezing, found, fix) => {
    expect(() => frozen(freezing)).toThrow(
      expect.objectContaining({
        code: 'OPTION',
        where,
        found: expect.stringMatching(found),
        fix: expect.stringMatching(fix),
      }),
    );
  });
});

describe('factors of the learning rate', () => {
  const rates = (options: Parameters<typeof rateFactors>[1]) => {
    const of = rateFactors(model, options);
    return Object.fromEntries(
      ['stem', 'blocks.1', 'blocks.10', 'head'].map((path) => [path, of(`${path}.weight`)]),
    );
  };

  test('are of the longest path that a parameter is in', () => {
    expect(rates({ lrFactors: { head: 10, blocks: 0.5, 'blocks.1': 0.25 } })).toEqual({
      stem: 1,
      'blocks.1': 0.25,
      'blocks.10': 0.5,
      head: 10,
    });
  });

  test('must be of something', () => {
    expect(() => rates({ lrFactors: { heads: 2 } })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'optimizer.lrFactors' }),
    );
    expect(() => checkPaths(model, ['head', 'stem.weight'], 'here')).not.toThrow();
  });
});

test('the last layer is that of the last parameter, as a whole', () => {
  expect(model.params.map(({ name }) => name).filter(lastLayer(model))).toEqual(head);
});
