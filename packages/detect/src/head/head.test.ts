import { swin } from '@kcr/backbones';
import { createEagerEngine, float32, Generator, linear, Model, type Task, tf } from '@kcr/core';
import { isMaker } from '@kcr/core/internal';
import { describe, expect, test } from 'vitest';
import { smallSwin } from '../testing.ts';
import { defineHead, type Head, type HeadInput } from './head.ts';

const task: Task = {
  name: 'test',
  contract: 1,
  metrics: {},
  losses: ({ losses }) => losses!,
  outputs: ({ logits }) => ({ logits }),
  evaluate: async () => ({}),
};
let seen: HeadInput<{ width: number }> | undefined;
const head: Head<{ width: number }> = {
  name: 'toy',
  module: 'test',
  contract: 1,
  task,
  defaults: { num_classes: 3, width: 5 },
  strides: () => [4, 8],
  forward(m, input) {
    seen = input;
    const { value, dim } = input.maps[0]!;
    return {
      logits: linear(m.child('toy'), tf.mean(value, [1, 2]), dim, input.config.num_classes),
    };
  },
};
const make = defineHead(head);
const architecture = make(swin);
const backbone = smallSwin;

describe('an architecture of a backbone and a head', () => {
  test("has the head's name and task, and the backbone's tokens", () => {
    expect(architecture).toMatchObject({
      name: 'toy',
      module: 'test',
      tokens: 'grid',
      backbone: swin,
    });
    expect(architecture.task).toBe(task);
  });

  test('what makes it says its kind, name and contract', () => {
    expect([make.kind, make.name, make.contract]).toEqual(['head', 'toy', 1]);
    expect(isMaker(make)).toBe(true);
  });

  test('needs what the head says, and is of its contract', () => {
    const build = (change: object) => () => {
      const made = { ...architecture, ...change };
      return new Model(made, made.configure({ backbone }));
    };
    expect(build({ contract: 2 })).toThrow(
      expect.objectContaining({ code: 'EXTENSION_CONTRACT', where: 'head "toy"' }),
    );
    expect(defineHead({ ...head, needs: { roles: ['hidden'] } })(swin).needs).toEqual({
      roles: ['hidden'],
    });
    expect(build({ needs: { roles: ['hidden'] } })).not.toThrow();
    expect(build({ needs: { roles: ['hiden'] } })).toThrow(
      expect.objectContaining({
        code: 'EXTENSION_NEEDS',
        found: expect.stringContaining('"hiden"; toy has hidden'),
      }),
    );
  });

  test('is configured in two parts', () => {
    const config = architecture.configure({ backbone, width: 7 });
    expect(config).toMatchObject({ width: 7, num_classes: 3, backbone });
    // The backbone's own defaults are filled in.
    expect(config.backbone).toMatchObject({ mlp_ratio: 4 });
    expect(architecture.input(config)).toEqual({ shape: [16, 16, 3], classes: 3 });
    expect(() => architecture.configure({ breadth: 7 } as object)).toThrow(
      expect.objectContaining({ code: 'MODEL_CONFIG' }),
    );
  });
});

test("the backbone's parameters are its own under `backbone.`, without its classifier", () => {
  const model = new Model(architecture, architecture.configure({ backbone }));
  const alone = new Model(swin, swin.configure(backbone));
  const names = model.params.map(({ name }) => name);
  const own = names.filter((name) => name.startsWith('backbone.')).map((name) => name.slice(9));
  const parts = alone.params.map(({ name }) => name);
  // Maps have a norm each, where the classifier has one for the last.
  expect(own.filter((name) => !parts.includes(name) && !/^norm\d\./.test(name))).toEqual([]);
  expect(parts.filter((name) => !own.includes(name) && !/^(head|norm)\./.test(name))).toEqual([]);
  expect(names.filter((name) => !name.startsWith('backbone.'))).toEqual(['toy.weight', 'toy.bias']);
});

test('features are the mean of the coarsest map that the head takes, and the head sees all', async () => {
  const model = new Model(architecture, architecture.configure({ backbone }));
  await using engine = await createEagerEngine({ backend: 'cpu' });
  engine.set(model.initialize(new Generator(1)));
  const step = engine.compile('head', ({ inputs, state }) => {
    const targets = { labels: inputs.image! };
    const { features, tokens } = model.apply(inputs.image!, { state, targets });
    expect(seen!.maps.map(({ stride }) => stride)).toEqual([4, 8]);
    expect(seen!.image).toBe(inputs.image);
    expect(seen!.targets).toBe(targets);
    return { outputs: { features, mean: tf.mean(tokens, [1, 2]) } };
  });
  const image = float32([2, 16, 16, 3], new Generator(2).array(2 * 16 * 16 * 3, 'normal'));
  const { features, mean } = await step({ image });
  expect(features!.shape).toEqual([2, 16]);
  features!.data.forEach((x, i) => expect(x).toBeCloseTo(mean!.data[i]!, 6));
});
