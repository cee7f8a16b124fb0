// KCR's search for lambda, eta and t_warm on ImageNet, by 5-fold cross-validation on 10 % of the training images (Tuning
// Hyper-Parameters by Cross-Validation in the papers of KCR and DCS, which share it).
//
// - lambda, the weight of the cost in the search: 0.1 to 0.5 in steps of 0.05. The public text of KCR has lost the numbers; DCS prints
//   them ("0, 5" for 0.5 by a slip), and the code that KCR's authors published has the same.
// - eta, the weight of the truncated nuclear norm: DCS's list, which the published code has too.
// - t_warm, as a share of the epochs: six values in KCR's text, whose numbers are lost; 0.1 to 0.6 in the published code. DCS prints five,
//   without 0.3, and then says that 90 of 300 epochs, which is 0.3, was chosen for all models. 0.3 is among them here.
// - gamma and m are chosen by 5-fold cross-validation on 20 % of the training images. The numbers of their grids are lost, in the text and
//   in the code: they are not here, and nothing was made up in their place. docs/sweeps.md shows how to add one's own.
//
// Chosen is what has the smallest validation loss. All combinations are 378 settings, 1,890 trials of the whole recipe: the papers do not
// say whether they tried all of them, or one parameter after another.
export default {
  name: 'kcr-imagenet',
  recipe: 'kcr-vit-small',
  parameters: {
    'search.plugins.0.options.lambda': [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
    'retrain.plugins.0.options.eta': [0.1, 0.5, 1, 5, 10, 50, 100],
    'retrain.plugins.0.options.warmup': [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
  },
  strategy: { kind: 'grid' },
  folds: { count: 5, seed: 0, share: 0.1 },
  metric: { path: 'compact.valLoss', goal: 'min' },
};
