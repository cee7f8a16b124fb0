import type { MakeHead } from '@kcr/core';
import { cascadeMaskRcnn, maskRcnn } from '../instance/mask-rcnn.ts';
import { ssdlite } from '../instance/ssdlite.ts';
import { upernet } from '../semantic/upernet.ts';

/** The heads by name, for recipes and saved models. */
export const heads: Readonly<Record<string, MakeHead>> = {
  upernet,
  mask_rcnn: maskRcnn,
  cascade_mask_rcnn: cascadeMaskRcnn,
  ssdlite,
};
