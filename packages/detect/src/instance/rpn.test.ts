import { type FeatureMap, makeDim, type Tensor, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { anchorBoxes } from '../boxes/anchors.ts';
import { scopeOf, valuesOf } from '../testing.ts';
import { rpn } from './rpn.ts';
import { config } from './testing.ts';

const channels = makeDim('channels', 1);
const levels = (): FeatureMap[] =>
  [4, 8].map((stride) => ({
    value: tf.ones([2, 16 / stride, 16 / stride, 1]),
    dim: channels,
    stride,
  }));

describe('the network', () => {
  test('is the same for all levels; each position has its anchors', async () => {
    const { m, params, taps } = scopeOf();
    const values = await valuesOf(() => {
      const { levels: found, size } = rpn(
        m,
        { levels: levels(), channels, size: [16, 16] },
        config,
      );
      expect(size).toEqual([16, 16]);
      return Object.fromEntries(
        found.flatMap((level, i) =>
          Object.entries(level).map(([name, value]): [string, Tensor] => [`${name}${i}`, value]),
        ),
      );
    });
    expect(values.objectness0!.shape).toEqual([2, 4 * 4 * 2]);
    expect(values.deltas1!.shape).toEqual([2, 2 * 2 * 2, 4]);
    for (const [i, stride] of [4, 8].entries()) {
      const side = 16 / stride;
      const level = { height: side, width: side, stride: [stride, stride] as const };
      const { data } = anchorBoxes([{ ...level, sizes: [2 * stride] }], config.anchor_ratios);
      expect(values[`anchors${i}`]!.data).toEqual(data);
    }
    const layers = ['rpn_conv', 'rpn_cls', 'rpn_reg'];
    expect([...new Set(params)].sort()).toEqual(
      layers.flatMap((name) => [`${name}.bias`, `${name}.weight`]).sort(),
    );
    expect(Object.keys(taps)).toEqual(['levels.0.hidden', 'levels.1.hidden']);
  });
});
