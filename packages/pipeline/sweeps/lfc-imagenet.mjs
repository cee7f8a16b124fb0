// VTC-LFC's ablations of the bottom-up cascade on ImageNet, for DeiT-Small: epsilon and rho of its table 4, whose seven pairs are in
// this grid, and the order of the blocks of its table 6. How many MACs are left is what these decide: give `metric.path` as
// `compact.macs` in a sweep of your own to see it beside the accuracy; the trials are then not run again.
//
//   npx kcr sweep lfc-imagenet --data imagenet --out runs/lfc-sweep
export default {
  name: 'lfc-imagenet',
  recipe: 'lfc-deit-small',
  parameters: {
    'prune.epsilon': [10, 13, 14, 15, 18],
    'prune.rho': [0.15, 0.35, 0.55],
    'prune.order': ['bottom-up', 'top-down'],
  },
  strategy: { kind: 'grid' },
  metric: { path: 'compact.top1', goal: 'max' },
};
