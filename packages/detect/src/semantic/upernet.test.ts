import { swin } from '@kcr/backbones';
import { createEagerEngine, float32, Generator, int32, Model } from '@kcr/core';
import { expect, test } from 'vitest';
import { withHead } from '../head/with-head.ts';
import { smallSwin } from '../testing.ts';
import { type UperNetConfig, upernet } from './upernet.ts';

const backbone = new Model(swin, swin.configure(smallSwin));
const build = (options: Partial<UperNetConfig> = {}) =>
  withHead(upernet, backbone, {
    num_classes: 3,
    channels: 4,
    auxiliary_channels: 6,
    ...options,
  } as object);

const namesOf = (model: Model) =>
  [...new Set(model.params.map(({ name }) => name))].filter(
    (name) => !name.startsWith('backbone.'),
  );

test("parameters are OpenMMLab's, of levels 4 to 32 and four pooled maps", () => {
  const convs = [
    ...['psp_modules.0.1', 'psp_modules.1.1', 'psp_modules.2.1', 'psp_modules.3.1', 'bottleneck'],
    ...['lateral_convs.0', 'lateral_convs.1', 'lateral_convs.2', 'fpn_convs.0', 'fpn_convs.1'],
    ...['fpn_convs.2', 'fpn_bottleneck'],
  ].map((name) => `decode_head.${name}.conv.weight`);
  const names = namesOf(build());
  for (const name of [...convs, 'decode_head.conv_seg.weight', 'decode_head.conv_seg.bias'])
    expect(names).toContain(name);
  expect(names).toContain('auxiliary_head.convs.0.conv.weight');
  expect(namesOf(build({ auxiliary_channels: 0 })).some((name) => name.startsWith('aux'))).toBe(
    false,
  );
  expect(
    namesOf(build({ pool_scales: [1] })).filter((name) => /psp.*conv.weight/.test(name)),
  ).toHaveLength(1);
});

test('logits are on the finest map; with targets there are losses, the second one weighed', async () => {
  const losses: Record<string, number>[] = [];
  for (const auxiliary_weight of [0.4, 0.8]) {
    const model = build({ auxiliary_weight, dropout_ratio: 0 });
    await using engine = await createEagerEngine({ backend: 'wasm' });
    engine.set(model.initialize(new Generator(1)));
    const step = engine.compile('upernet', ({ inputs, state }) => {
      const { image, labels } = inputs as Record<'image' | 'labels', never>;
      const plain = model.apply(image, { state });
      expect(plain.losses).toBeUndefined();
      const trained = model.apply(image, { state, targets: { labels } });
      return { outputs: { logits: plain.logits, ...trained.losses } };
    });
    const image = float32([1, 16, 16, 3], new Generator(2).array(768, 'normal'));
    const labels = int32(
      [1, 16, 16],
      Array.from({ length: 256 }, (_, i) => i % 3),
    );
    const { logits, decodeLoss, auxiliaryLoss } = await step({ image, labels });
    expect(logits!.shape).toEqual([1, 4, 4, 3]);
    losses.push({ decode: decodeLoss!.data[0]!, auxiliary: auxiliaryLoss!.data[0]! });
  }
  const [one, two] = losses;
  expect(two!.auxiliary! / one!.auxiliary!).toBeCloseTo(2, 4);
  expect(two!.decode).toBeCloseTo(one!.decode!, 6);
  // Nothing is learned, and there are three classes.
  expect(one!.decode).toBeGreaterThan(0.5);
  expect(one!.decode).toBeLessThan(2.5);
});
