import { KcrError, type Tensor } from '@kcr/core';

/** The objects of a batch, as many places for each image. */
export interface Truth {
  /** [batch, objects, 4] */
  boxes: Tensor;
  /** int32 [batch, objects], -1 where there is none. */
  labels: Tensor;
  /** In a grid over each box, [batch, objects, size, size]; absent where there are no masks. */
  masks?: Tensor;
}

/** The objects that a training batch has. @throws KcrError `TARGETS_MISSING` */
export function truthOf(
  targets: Readonly<Record<string, Tensor>>,
  { withMask }: { withMask: boolean },
): Truth {
  const { boxes, labels, masks } = targets;
  if (!boxes || !labels || (withMask && !masks))
    throw new KcrError('TARGETS_MISSING', {
      where: 'training batch',
      found: `it has ${Object.keys(targets).join(', ') || 'images alone'}`,
      fix: `Give boxes, labels${withMask ? ' and masks' : ''}, as instanceDataset of @kcr/data does`,
    });
  return { boxes, labels, masks };
}
