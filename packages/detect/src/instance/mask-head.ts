import { conv2d, type Dim, type Scope, type Tensor, tf } from '@kcr/core';
import { upsample } from './upsample.ts';

/**
 * Four convolutions, twice the resolution, and a mask for each class (He et al. 2017).
 *
 * @param regions [regions, size, size, channels]
 * @returns logits [regions, 2 * size, 2 * size, classes]
 */
export function maskHead(m: Scope, regions: Tensor, channels: Dim, classes: number): Tensor {
  let x = regions;
  let input = channels;
  for (let i = 0; i < 4; i++) {
    const layer = m.child('convs').child(i);
    const hidden = layer.dim('channels', channels.full);
    const y = conv2d(layer.child('conv'), x, input, hidden, { kernel: 3 });
    x = layer.tap('out', tf.relu(y), hidden);
    input = hidden;
  }
  const finer = m.child('upsample');
  const wide = finer.dim('channels', channels.full);
  const large = finer.tap('out', tf.relu(upsample(finer, x, input, wide)), wide);
  return conv2d(m.child('conv_logits').classifier(), large, wide, classes, { kernel: 1 });
}
