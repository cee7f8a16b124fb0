/** Criteria that come along, by the short names that `kcr prune` and `kcr list` use, as recipes write them. */
export const criteria = {
  lfs: '@kcr/lfc#lfs',
  magnitude: '@kcr/criteria#magnitude',
  'ntk-sap': '@kcr/criteria#ntkSap',
  random: '@kcr/criteria#random',
  s2vite: '@kcr/criteria#s2vite',
  slim: '@kcr/criteria#slim',
  taylor: '@kcr/criteria#taylor',
} as const satisfies Record<string, string>;
