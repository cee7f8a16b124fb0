import { swin } from '@kcr/backbones';
import { float32, Generator, Model, prune } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { upernet } from '../semantic/upernet.ts';
import { smallSwin } from '../testing.ts';
import { headWeights, withHead } from './with-head.ts';

const backbone = new Model(swin, swin.configure(smallSwin));
const options = { num_classes: 2, channels: 4, auxiliary_channels: 4 };

describe('a head on a model', () => {
  test('has options of its own and the configuration of the model', () => {
    const model = withHead(upernet, backbone, options);
    expect(model.architecture.name).toBe('upernet');
    expect(model.config).toMatchObject({ ...options, backbone: smallSwin });
    expect(model.classes).toBe(2);
  });

  test('keeps what is left of a pruned one', () => {
    const [hidden] = [...backbone.dims.keys()].filter((name) => name.endsWith('hidden'));
    const pruned = prune(backbone, { [hidden!]: [0, 3, 5] });
    const model = withHead(upernet, pruned, options);
    expect(model.kept).toEqual({ [`backbone.${hidden}`]: [0, 3, 5] });
    expect(model.dims.get(`backbone.${hidden}`)!.size).toBe(3);
  });

  test('with an option that there is not: MODEL_CONFIG', () => {
    expect(() => withHead(upernet, backbone, { classes: 2 } as object)).toThrow(
      expect.objectContaining({ code: 'MODEL_CONFIG' }),
    );
  });
});

test("first values are the backbone's, and drawn where it has none", () => {
  const model = withHead(upernet, backbone, options);
  const trained = Object.fromEntries(
    backbone.params.map(({ name, shape }) => [name, float32(shape, 7)]),
  );
  const state = headWeights(model, trained, new Generator(1));
  const drawn = model.initialize(new Generator(1));
  model.checkState(state, 'test');
  let own = 0;
  for (const [name, array] of Object.entries(state)) {
    const from = trained[name.replace('backbone.', '')];
    if (name.startsWith('backbone.') && from) {
      expect(array).toBe(from);
      own++;
    } else expect(array).toEqual(drawn[name]);
  }
  expect(own).toBeGreaterThan(20);
});
