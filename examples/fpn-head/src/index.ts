import { semanticFpn } from './semantic-fpn.ts';

export * from './semantic-fpn.ts';
/** What recipes and checkpoints find by name. */
export const heads = { semantic_fpn: semanticFpn };
