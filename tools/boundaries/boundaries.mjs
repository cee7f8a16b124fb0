// Who may import whom: packages, the rooms of core, and no circles anywhere. `npm run boundaries` checks it, and
// `npm run map` draws docs/architecture.md's pictures from the same imports.

/** The packages that a package may import: its `references`, and its dependencies or peers (`npm run references`). */
export const packages = {
  core: [],
  features: ['core'],
  data: ['core'],
  mpi: ['core'],
  onnx: ['core'],
  backbones: ['core'],
  testing: ['core', 'backbones'],
  masks: ['core'],
  pretrained: ['core', 'backbones'],
  nystrom: ['core', 'features'],
  'ib-bound': ['core', 'features'],
  criteria: ['core'],
  lfc: ['core'],
  distill: ['core'],
  explain: ['core'],
  detect: ['core', 'data'],
  page: ['core', 'data', 'detect', 'explain'],
  pipeline: [
    'core',
    'data',
    'onnx',
    'backbones',
    'criteria',
    'detect',
    'distill',
    'explain',
    'ib-bound',
    'lfc',
    'masks',
    'nystrom',
    'page',
    'pretrained',
  ],
  cli: ['core', 'data', 'mpi', 'onnx', 'detect', 'features', 'ib-bound', 'nystrom', 'pipeline'],
  'create-plugin': [],
};

/**
 * The packages whose types alone a package may import besides: it runs without them.
 *
 * @type {Record<string, string[]>}
 */
export const typesOf = { detect: ['onnx'] };

/** The packages that an installation has once, whatever else it has: what imports one has it as a peer. */
export const peers = ['core'];

/**
 * The packages that a package imports where they are installed: it says what it leaves out without them.
 *
 * @type {Record<string, string[]>}
 */
export const optionalOf = { testing: ['onnx'] };

/**
 * The packages that a package needs for development alone: what it imports of them is built into it, and its templates are
 * written against them.
 *
 * @type {Record<string, string[]>}
 */
export const developmentOf = {
  'create-plugin': ['core', 'onnx', 'testing', 'detect', 'pipeline', 'cli'],
};

/** The rooms of core by floor: each may import those before it. */
export const rooms = [
  'ground',
  'tensor',
  'trace',
  'ops',
  'engine',
  'model',
  'layers',
  'tokens',
  'train',
  'prune',
];

/** @param {string[]} names */
const any = (names) => `(${names.join('|')})`;
/** Tests, and what those of a package share. */
const tests = '(\\.test|/testing)\\.ts$';

/** @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule */

/** @type {Rule[]} */
const betweenPackages = Object.entries(packages).map(([name, allowed]) => ({
  name: `packages-of-${name}`,
  comment: `@kcr/${name} imports ${allowed.length > 0 ? allowed.join(', ') : 'no other package'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: tests },
  to: {
    path: '^packages/',
    pathNot: `^packages/${any([name, ...allowed, ...(typesOf[name] ?? []), ...(optionalOf[name] ?? []), ...(developmentOf[name] ?? [])])}/`,
  },
}));

/** @type {Rule[]} */
const betweenTypes = Object.entries(typesOf).map(([name, allowed]) => ({
  name: `types-of-${name}`,
  comment: `@kcr/${name} imports types of ${allowed.join(', ')}, and nothing that runs.`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: tests },
  to: { path: `^packages/${any(allowed)}/`, dependencyTypesNot: ['type-only'] },
}));

/** @type {Rule[]} */
const betweenRooms = rooms.slice(0, -1).map((room, floor) => ({
  name: `rooms-above-${room}`,
  comment: `core/src/${room} stands below ${rooms.slice(floor + 1).join(', ')}.`,
  severity: 'error',
  from: { path: `^packages/core/src/${room}/`, pathNot: tests },
  to: { path: `^packages/core/src/${any(rooms.slice(floor + 1))}/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Files that import each other are one concept, or miss one below both.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...betweenPackages,
    ...betweenTypes,
    ...betweenRooms,
    {
      name: 'sources-by-package',
      comment: 'Other packages are imported by name, not by path.',
      severity: 'error',
      from: { path: '^(packages|tools)/([^/]+)/' },
      to: {
        path: '^packages/',
        pathNot: [
          '^packages/$2/',
          '^packages/[^/]+/src/index\\.ts$',
          '^packages/core/src/(ground|internal)\\.ts$',
        ],
      },
    },
    {
      name: 'tensorflow-in-one-place',
      comment: 'core/src/tensor/tf.ts alone imports TensorFlow.js; use `tf` of @kcr/core.',
      severity: 'error',
      from: { pathNot: ['^packages/core/src/tensor/tf\\.ts$', tests] },
      to: { path: '@tensorflow/' },
    },
    {
      name: 'declared',
      comment: 'What a package imports stands in its package.json.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/', pathNot: tests },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist(-types)?/'] },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
