import { describe, expect, test } from 'vitest';
import { globalThreshold, uniform } from './keep-ratio.ts';
import { prune } from './prune.ts';
import { allocation, perceptron } from './testing.ts';

const model = perceptron();
const scores = { 'a.hidden': [0.1, 0.2, 0.3, 0.4], 'b.hidden': [0.15, 0.25, 0.35] };

describe('uniform', () => {
  test.each([
    // Of 4 and 3 channels: 2 and 1.5, 3 and 2.25, 0.4 and 0.3.
    [0.5, 1, [2, 3], [1, 2]],
    [0.5, 0.5, [1, 2, 3], [1, 2]],
    [0.1, 1, [3], [2]],
    [1, 1, [0, 1, 2, 3], [0, 1, 2]],
  ])('%f of each dimension, %f of the way', async (keepRatio, progress, a, b) => {
    const kept = await uniform({ keepRatio }).allocate(allocation(model, scores, { progress }));
    expect(kept).toEqual({ 'a.hidden': a, 'b.hidden': b });
  });

  test('counts in the whole model, whatever is left of it', async () => {
    const pruned = prune(model, { 'a.hidden': [1, 2] });
    const given = allocation(pruned, { 'a.hidden': [3, 1] }, { whole: model });
    expect(await uniform({ keepRatio: 0.5 }).allocate(given)).toEqual({ 'a.hidden': [0, 1] });
  });
});

describe('one threshold', () => {
  test.each([
    // Of 7 channels: 3.5, 5.25, 0.7.
    [0.5, 1, [2, 3], [1, 2]],
    [0.5, 0.5, [1, 2, 3], [1, 2]],
    [0.1, 1, [3], [2]],
    [1, 1, [0, 1, 2, 3], [0, 1, 2]],
  ])('leaves %f of all channels, %f of the way', async (keepRatio, progress, a, b) => {
    const given = allocation(model, scores, { progress });
    const kept = await globalThreshold({ keepRatio }).allocate(given);
    expect(kept).toEqual({ 'a.hidden': a, 'b.hidden': b });
  });

  test('takes more where scores are lower', async () => {
    const uneven = { 'a.hidden': [1, 2, 3, 4], 'b.hidden': [5, 6, 7] };
    const kept = await globalThreshold({ keepRatio: 0.6 }).allocate(allocation(model, uneven));
    expect(kept).toEqual({ 'a.hidden': [3], 'b.hidden': [0, 1, 2] });
  });

  test('counts in the whole model, of the dimensions that are scored', async () => {
    const pruned = prune(model, { 'a.hidden': [1, 2] });
    const given = allocation(pruned, { 'a.hidden': [3, 1] }, { whole: model });
    const share = async (keepRatio: number) => globalThreshold({ keepRatio }).allocate(given);
    expect(await share(0.5)).toEqual({ 'a.hidden': [0, 1] });
    expect(await share(0.25)).toEqual({ 'a.hidden': [0] });
    // More are wanted than there are.
    expect(await share(1)).toEqual({ 'a.hidden': [0, 1] });
  });
});

test.each([0, -0.1, 1.01, Number.NaN])('a share of %f is refused', (keepRatio) => {
  for (const [name, make] of Object.entries({ uniform, global: globalThreshold }))
    expect(() => make({ keepRatio })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: `${name}, keepRatio` }),
    );
});
