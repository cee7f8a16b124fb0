import { swin } from '@kcr/backbones';
import { Generator, importState, importText, type MakeHead, Model } from '@kcr/core';
import { expect, test } from 'vitest';
import { smallSwin } from '../testing.ts';
import { heads } from './heads.ts';
import { withHead } from './with-head.ts';

const backbone = new Model(swin, swin.configure({ ...smallSwin, img_size: 64 }));

const regions = { out_channels: 4, fc_out_channels: 4 };

test.each<[string, object, string]>([
  ['mask_rcnn', regions, 'fc_cls, .*fc_reg, .*conv_logits'],
  ['cascade_mask_rcnn', regions, 'fc_cls, .*fc_cls'],
  ['ssdlite', { extra_channels: [4] }, 'cls_convs.0.1, .*cls_convs.1.1'],
  [
    'upernet',
    { channels: 4, auxiliary_channels: 4 },
    'decode_head.conv_seg, auxiliary_head.conv_seg',
  ],
])('of %s what tells classes apart is drawn anew, the rest is taken', (name, small, layers) => {
  const make = heads[name] as MakeHead;
  const [three, five] = [3, 5].map((num_classes) =>
    withHead(make, backbone, { ...small, num_classes }),
  );
  const given = three!.initialize(new Generator(1));
  const options = { generator: new Generator(2), where: 'file' };
  const { state, report } = importState(five!, given, options);
  five!.checkState(state, 'file');
  expect(importText(report, five!)).toMatch(
    new RegExp(`^[^;]*; .*${layers}.* drawn for 5 classes$`),
  );
  for (const taken of report.taken) expect(state[taken]).toBe(given[taken]);
  expect(importState(three!, given, options).report.drawn).toEqual([]);
});
