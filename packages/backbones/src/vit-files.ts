import { gatherAxis, type StateDict, type StateMapping } from '@kcr/core';
import type { VitConfig } from './vit-config.ts';

/** A distilled DeiT's weights without its distillation token and head: position 1 of `pos_embed` goes too. */
function withoutDistillation(state: StateDict): StateDict {
  const { dist_token: _, 'head_dist.weight': __, 'head_dist.bias': ___, ...rest } = state;
  const { pos_embed: table } = rest;
  if (table?.shape.length !== 3) return rest;
  const positions = Array.from({ length: table.shape[1]! }, (____, i) => i);
  return {
    ...rest,
    pos_embed: gatherAxis(
      table,
      1,
      positions.filter((i) => i !== 1),
    ),
  };
}

const renamed = (state: StateDict, name: (name: string) => string): StateDict =>
  Object.fromEntries(Object.entries(state).map(([own, array]) => [name(own), array]));

const without = (state: StateDict, isOut: (name: string) => boolean): StateDict =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !isOut(name)));

const GAMMA = /\.gamma_([12])$/;
const isPreLogits = (name: string) => name.startsWith('pre_logits.');

/** Other names that weights of ViTs have. */
export const vitMappings: readonly StateMapping[] = [
  {
    name: 'distilled DeiT',
    choice: 'of a distilled DeiT the class token and its head alone (`distilled: true` takes both)',
    fits: (state, names) => 'dist_token' in state && !names.has('dist_token'),
    map: withoutDistillation,
  },
  {
    name: "Meta's DeiT III",
    fits: (state) => Object.keys(state).some((name) => GAMMA.test(name)),
    map: (state) => renamed(state, (name) => name.replace(GAMMA, '.ls$1.gamma')),
  },
  {
    name: 'old ViT',
    choice: 'without the representation layer (pre_logits), as timm',
    fits: (state) => Object.keys(state).some(isPreLogits),
    map: (state) => without(state, isPreLogits),
  },
];

/** Whether `n` positions fill a square. */
const isSquare = (n: number) => n > 0 && Number.isInteger(Math.sqrt(n));

/** What a ViT's file says of its options; where it leaves several the one that the model has. */
export function vitOptionsOf(state: StateDict, config: VitConfig): Partial<VitConfig> {
  const has = (name: string) => Object.hasOwn(state, name);
  if (!has('blocks.0.norm1.weight')) return {};
  const class_token = has('cls_token');
  const distilled = has('dist_token');
  const reg_tokens = state.reg_token?.shape[1] ?? 0;
  const normsPooled = has('fc_norm.weight');
  const { fc_norm, global_pool, init_values } = config;
  const pool = normsPooled || !class_token ? 'avg' : fc_norm === false ? global_pool : 'token';
  const isScaled = has('blocks.0.ls1.gamma') || has('blocks.0.gamma_1');
  const prefix = Number(class_token) + Number(distilled) + reg_tokens;
  const positions = state.pos_embed?.shape[1] ?? 0;
  const isOfPatches = isSquare(positions) && !isSquare(positions - prefix);
  return {
    class_token,
    distilled,
    reg_tokens,
    global_pool: pool,
    fc_norm: normsPooled === (pool === 'avg') ? null : normsPooled,
    pre_norm: has('norm_pre.weight'),
    init_values: isScaled ? init_values || 1e-5 : null,
    no_embed_class: prefix > 0 ? isOfPatches : config.no_embed_class,
    qkv_bias: has('blocks.0.attn.qkv.bias'),
  };
}
