import { information } from '@kcr/ib-bound';

const { ib, ibb, constant } = information({
  features: { n: 4, d: 2, data: [1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9] },
  featureCentroids: { n: 2, d: 2, data: [1, 0, 0, 1] },
  inputs: { n: 4, d: 1, data: [1, 2, -1, -2] },
  inputCentroids: { n: 2, d: 1, data: [1, -1] },
  labels: [0, 0, 1, 1],
  classes: 2,
});
console.log(ib <= ibb + constant); // true: the bound needs its constant
