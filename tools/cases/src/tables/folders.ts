import type { Area, Expectation, Row } from '../row.ts';

const evaluate = (folder: string, ...more: string[]) =>
  ['eval', '{made}/checkpoints/constant', '--data', `{made}/${folder}`, '--json', ...more] as const;

/** What a model that gives cats 0.75 and dogs 0.25 comes to, given how many torchvision's ImageFolder lists of each. */
function counted(cats: number, dogs: number, warns?: string): Expectation {
  const n = cats + dogs;
  const loss = -(cats * Math.log(0.75) + dogs * Math.log(0.25)) / n;
  return { figures: { n, top1: cats / n, loss }, within: 1e-6, warns };
}

const wrong = (folder: string, found: string): Expectation => ({
  error: 'FOLDER_CLASSES',
  names: [folder, found, 'cat, dog'],
});
const unreadable = (...names: string[]): Expectation => ({
  error: 'IMAGE_READ',
  names: [...names, '--invalid skip'],
});

const cases: readonly [
  folder: string,
  source: string,
  expect: Expectation,
  ...options: string[],
][] = [
  ['real', 'class folders as they should be', counted(1, 1)],
  [
    'symlink',
    'timm#334, pytorch/vision#1580, fastai#2270, huggingface/datasets#6853',
    counted(1, 1),
  ],
  ['half-link', 'one class linked, one real', counted(1, 1)],
  ['nested', 'images one level deeper', counted(1, 1)],
  // ImageFolder takes the hidden file for an image, and both folders for classes.
  ['rubbish', '.DS_Store, ._files, Thumbs.db, __MACOSX', counted(1, 1)],
  ['folder-named-jpg', 'a folder named like an image', counted(1, 1)],
  ['empty', 'pytorch/vision#4925, #8297: a class without images', wrong('empty', 'bird')],
  ['no-classes', 'images without class folders', wrong('no-classes', 'no class folders')],
  ['numeric', 'numbers as names of classes', wrong('numeric', '0, 1, 10, 11, 2')],
  ['unicode', 'names in other scripts', wrong('unicode', '猫 🐈')],
  ['bmp', 'lovell/sharp#1147, open-mmlab/mmdetection#2172', unreadable('a.bmp', 'PNG, JPEG')],
  ['truncated', 'a JPEG that is cut off', unreadable('t.jpg')],
  [
    'truncated',
    'it is left out',
    counted(1, 1, '1 entries left out (IMAGE_READ)'),
    '--invalid',
    'skip',
  ],
  ['zero-bytes', 'an image of no byte', unreadable('z.jpg')],
  ['link-as-file', "a link that became a text, as git's on Windows", unreadable('l.jpg')],
  [
    'broken-link',
    'a link to nothing',
    { error: 'FOLDER_READ', names: ['b.png', '--invalid skip'] },
  ],
  ['broken-link', 'it is left out', counted(1, 1, '1 entries left out'), '--invalid', 'skip'],
];

/** Class folders, through `kcr eval`. */
export const folders: Area = {
  area: 'folders',
  rows: cases.map(
    ([folder, source, expected, ...options]): Row => ({
      name: `folder ${folder}${options.length > 0 ? ', skipped' : ''}`,
      source,
      args: evaluate(folder, ...options),
      expect: expected,
    }),
  ),
};
