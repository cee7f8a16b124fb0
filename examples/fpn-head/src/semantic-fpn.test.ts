import { swin } from '@kcr/backbones';
import { Model } from '@kcr/core';
import { headChecks, registerChecks } from '@kcr/testing';
import { test } from 'vitest';
import { semanticFpn } from './semantic-fpn.ts';

/** A backbone with four maps, of 8 x 8 to 1 x 1. */
const backbone = () =>
  new Model(
    swin as never,
    swin.configure({
      img_size: 32,
      window_size: 4,
      embed_dim: 8,
      depths: [1, 1, 1, 1],
      num_heads: [1, 2, 2, 2],
    }),
  );

registerChecks(
  test,
  headChecks(semanticFpn, { config: { channels: 6, num_classes: 3 }, models: { swin: backbone } }),
);
