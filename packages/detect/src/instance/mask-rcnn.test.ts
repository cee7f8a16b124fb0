import { swin } from '@kcr/backbones';
import { createEagerEngine, float32, Generator, int32, Model, type StateDict } from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { withHead } from '../head/with-head.ts';
import { smallSwin } from '../testing.ts';
import { cascadeMaskRcnn, maskRcnn } from './mask-rcnn.ts';

const backbone = new Model(swin, swin.configure({ ...smallSwin, img_size: 32, window_size: 4 }));
const small = {
  num_classes: 2,
  out_channels: 4,
  fc_out_channels: 6,
  rpn_nms_pre: 12,
  rpn_max_per_img: 6,
  rpn_num: 8,
  rcnn_num: 4,
  box_roi_size: 2,
  mask_roi_size: 2,
  max_per_img: 3,
  score_thr: 0,
};
const image = float32([2, 32, 32, 3], new Generator(2).array(2 * 32 * 32 * 3, 'normal'));
/** An object in the first image, none in the second. */
const targets = {
  boxes: float32([2, 1, 4], [4, 4, 20, 20, 0, 0, 0, 0]),
  labels: int32([2, 1], [1, -1]),
  masks: float32([2, 1, 4, 4], 1),
};

describe.each([
  ['mask_rcnn', maskRcnn, [''], ['']],
  ['cascade_mask_rcnn', cascadeMaskRcnn, ['.0', '.1', '.2'], ['stage0', 'stage1', 'stage2']],
] as const)('%s', (_, make, stages, terms) => {
  const model = withHead(make, backbone, small as object);
  let state: StateDict;
  beforeAll(() => {
    state = model.initialize(new Generator(1));
  });

  test('has a box and a mask head for each stage', () => {
    const names = model.params.map(({ name }) => name);
    for (const stage of stages) {
      expect(names).toContain(`roi_head.bbox_head${stage}.fc_cls.weight`);
      expect(names).toContain(`roi_head.mask_head${stage}.conv_logits.weight`);
    }
    // In a cascade a box is the same for all classes.
    const reg = model.params.find(
      ({ name }) => name === `roi_head.bbox_head${stages[0]}.fc_reg.weight`,
    );
    expect(reg!.shape[0]).toBe(stages.length > 1 ? 4 : 8);
    expect(names).toContain('rpn_head.rpn_cls.weight');
    expect(names).toContain('neck.fpn_convs.3.conv.weight');
    const boxes = withHead(make, backbone, { ...small, with_mask: false } as object);
    expect(boxes.params.some(({ name }) => name.includes('mask_head'))).toBe(false);
  });

  test('finds boxes within the images, best first, with masks', async () => {
    await using engine = await createEagerEngine({ backend: 'wasm' });
    engine.set(state);
    const step = engine.compile('find', ({ inputs, state: own }) => ({
      outputs: { ...model.apply(inputs.image!, { state: own }).results },
    }));
    const { boxes, scores, labels, masks } = await step({ image });
    expect([boxes!.shape, scores!.shape, labels!.shape]).toEqual([
      [2, 3, 4],
      [2, 3],
      [2, 3],
    ]);
    expect(masks!.shape).toEqual([2, 3, 4, 4]);
    for (const x of boxes!.data) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(32);
    }
    for (const i of [0, 1]) {
      const own = [...scores!.data.slice(3 * i, 3 * i + 3)];
      expect(own).toEqual(own.toSorted((a, b) => b - a));
      expect(own[0]).toBeGreaterThan(0);
    }
    for (const x of [...scores!.data, ...masks!.data]) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(1);
    }
    expect(labels!.data.every((x) => x === 0 || x === 1)).toBe(true);
  });

  test('has losses of the proposals and of each stage, of what no class is known yet', async () => {
    await using engine = await createEagerEngine({ backend: 'wasm' });
    engine.set(state);
    const generator = new Generator(3);
    const step = engine.compile('losses', ({ inputs, state: own, supply }) => ({
      outputs: {
        ...model.apply(inputs.image!, {
          state: own,
          training: true,
          draw: (name, shape, draw) =>
            supply(name, shape, 'float32', () =>
              generator.array(
                shape.reduce((a, b) => a * b, 1),
                draw,
              ),
            ),
          targets: { boxes: inputs.boxes!, labels: inputs.labels!, masks: inputs.masks! },
        }).losses,
      },
    }));
    const losses = await step({ image, ...targets });
    const names = terms.flatMap((stage) =>
      ['ClassLoss', 'BoxLoss', 'MaskLoss'].map((name) =>
        stage ? stage + name : name[0]!.toLowerCase() + name.slice(1),
      ),
    );
    expect(Object.keys(losses).sort()).toEqual(['rpnBoxLoss', 'rpnClassLoss', ...names].sort());
    for (const { data } of Object.values(losses)) {
      expect(Number.isFinite(data[0])).toBe(true);
      expect(data[0]).toBeGreaterThanOrEqual(0);
    }
    // First weights are small: yes or no is a matter of chance, and so are three classes; later stages weigh less.
    expect(losses.rpnClassLoss!.data[0]).toBeCloseTo(Math.LN2, 1);
    const weights = [1, 0.5, 0.25];
    terms.forEach((stage, i) => {
      const own = losses[stage ? `${stage}ClassLoss` : 'classLoss']!.data[0]!;
      expect(own / weights[i]!).toBeCloseTo(Math.log(3), 1);
    });
  });
});
