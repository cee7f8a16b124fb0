import { describe, expect, test } from 'vitest';
import { float32, int32, type NdArray } from '../ground/array.ts';
import { tf } from '../tensor/tf.ts';
import { createEagerEngine } from './eager.ts';

const engineWith = async (arrays: Record<string, NdArray>) => {
  const engine = await createEagerEngine({ backend: 'cpu' });
  engine.set(arrays);
  return engine;
};

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

test('its name says the backend, which is then the one in use', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  expect(engine.name).toBe('eager-cpu');
  expect(tf.getBackend()).toBe('cpu');
});

test('a backend that nobody registered is refused', async () => {
  await expect(createEagerEngine({ backend: 'abacus' })).rejects.toThrow(code('BACKEND_UNKNOWN'));
});

test('tfjs-node is loaded by its name, or said to be missing', async () => {
  await using usual = await createEagerEngine();
  const named = async () => {
    await using engine = await createEagerEngine({ backend: 'tensorflow' });
    return engine.name;
  };
  if (usual.name === 'eager-tensorflow') expect(await named()).toBe('eager-tensorflow');
  else {
    const fix = expect.stringContaining('tfjs-node');
    await expect(named()).rejects.toThrow(code('BACKEND_UNKNOWN', { fix }));
  }
});

describe('state', () => {
  test('is set, read, replaced and deleted by name', async () => {
    await using engine = await engineWith({ a: float32([2], [1, 2]), b: int32([], [3]) });
    engine.set({ a: float32([1, 1], [5]), c: float32([1]) });
    expect(engine.names().sort()).toEqual(['a', 'b', 'c']);
    expect(await engine.get(['b', 'a'])).toEqual({ a: float32([1, 1], [5]), b: int32([], [3]) });
    engine.delete(['a', 'never']);
    expect(engine.names().sort()).toEqual(['b', 'c']);
  });

  test('keeps every type', async () => {
    const flags: NdArray = { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) };
    await using engine = await engineWith({ flags });
    expect(await engine.get(['flags'])).toEqual({ flags });
  });

  test('is not what was read or set: changing one leaves the other', async () => {
    const given = float32([2], [1, 2]);
    await using engine = await engineWith({ a: given });
    const read = (await engine.get(['a'])).a!;
    read.data[1] = 9;
    expect([...(await engine.get(['a'])).a!.data]).toEqual([1, 2]);
    await using step = engine.compile('double', ({ state }) => ({
      outputs: { old: state('a') },
      updates: { a: tf.mul(state('a'), 2) },
    }));
    const { old } = await step();
    await step();
    expect([given, old].map((array) => [...array!.data])).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test('and inputs are as they were given, whatever is written into the arrays later', async () => {
    const [given, x] = [float32([2], [1, 2]), float32([2], [3, 4])];
    await using engine = await engineWith({ a: given });
    await using step = engine.compile('take', ({ inputs }) => ({
      outputs: {},
      updates: { x: inputs.x! },
    }));
    await step({ x });
    for (const array of [given, x]) array.data.fill(9);
    expect(await engine.get(['a', 'x'])).toEqual({
      a: float32([2], [1, 2]),
      x: float32([2], [3, 4]),
    });
  });

  test('is revised by name, and what was read before stays', async () => {
    await using engine = await engineWith({ a: float32([2], [1, 2]), b: float32([1], [3]) });
    const before = await engine.get(['a']);
    await engine.revise(['a'], async (arrays) => {
      expect(Object.keys(arrays)).toEqual(['a']);
      arrays.a!.data[1] = 9;
    });
    expect(before).toEqual({ a: float32([2], [1, 2]) });
    expect(await engine.get(['a', 'b'])).toEqual({
      a: float32([2], [1, 9]),
      b: float32([1], [3]),
    });
  });

  test('that is not there is named', async () => {
    await using engine = await engineWith({});
    await expect(engine.revise(['weight'], async () => {})).rejects.toThrow(
      code('STATE_MISSING', { where: 'weight' }),
    );
    await expect(engine.get(['weight'])).rejects.toThrow(
      code('STATE_MISSING', { where: 'weight' }),
    );
    await using step = engine.compile('read', ({ state }) => ({ outputs: { y: state('bias') } }));
    await expect(step()).rejects.toThrow(code('STATE_MISSING', { where: 'bias' }));
  });
});

describe('a step', () => {
  test('computes outputs from inputs and state', async () => {
    await using engine = await engineWith({ w: float32([2], [3, 4]) });
    await using step = engine.compile('mul', ({ inputs, state }) => ({
      outputs: { y: tf.mul(inputs.x!, state('w')), n: tf.cast(inputs.x!, 'int32') },
    }));
    expect(await step({ x: float32([1, 2], [1, 2]) })).toEqual({
      y: float32([1, 2], [3, 8]),
      n: int32([1, 2], [1, 2]),
    });
    expect((await step({ x: float32([2, 2], 1) })).y!.shape).toEqual([2, 2]);
  });

  test('updates take effect together, after it', async () => {
    await using engine = await engineWith({ a: float32([1], 1), b: float32([1], 2) });
    await using step = engine.compile('swap', ({ state }) => ({
      outputs: { before: state('a') },
      updates: { a: state('b'), b: state('a') },
    }));
    expect((await step()).before).toEqual(float32([1], 1));
    expect(await engine.get(['a', 'b'])).toEqual({ a: float32([1], 2), b: float32([1], 1) });
    await step();
    expect(await engine.get(['a', 'b'])).toEqual({ a: float32([1], 1), b: float32([1], 2) });
  });

  test('an update may be of an array that was not there', async () => {
    await using engine = await engineWith({});
    await using step = engine.compile('make', () => ({
      outputs: {},
      updates: { made: tf.ones([2]) },
    }));
    expect(await step()).toEqual({});
    expect(await engine.get(['made'])).toEqual({ made: float32([2], 1) });
  });

  test('one that fails changes nothing', async () => {
    await using engine = await engineWith({ a: float32([1], 1) });
    await using step = engine.compile('fail', ({ state }) => ({
      outputs: {},
      updates: {
        a: tf.add(state('a'), 1),
        b: tf.add(state('a'), tf.ones([2, 3]).matMul(tf.ones([2]))),
      },
    }));
    await expect(step()).rejects.toThrow();
    expect(await engine.get(['a'])).toEqual({ a: float32([1], 1) });
    expect(engine.names()).toEqual(['a']);
  });

  test('what it brings along is made before every run, in the order of asking', async () => {
    await using engine = await engineWith({});
    const order: string[] = [];
    let count = 0;
    await using step = engine.compile('supplied', ({ supply }) => {
      const next = (name: string) => () => {
        order.push(name);
        return Float32Array.of(++count);
      };
      const [a, b] = ['a', 'b'].map((name) => supply(name, [1], 'float32', next(name)));
      return { outputs: { a: a!, b: b! } };
    });
    expect(await step()).toEqual({ a: float32([1], 1), b: float32([1], 2) });
    expect(await step()).toEqual({ a: float32([1], 3), b: float32([1], 4) });
    expect(order).toEqual(['a', 'b', 'a', 'b']);
  });

  test('it runs on the backend of its engine, whichever was in use', async () => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const backends: string[] = [];
    await using step = engine.compile('where', () => {
      backends.push(tf.getBackend());
      return { outputs: {} };
    });
    await using _other = await createEagerEngine({ backend: 'wasm' });
    expect(tf.getBackend()).toBe('wasm');
    await step();
    expect(backends).toEqual(['cpu']);
  });
});

test('steps and engines leave no tensors behind', async () => {
  await createEagerEngine({ backend: 'cpu' });
  const before = tf.memory().numTensors;
  const engine = await engineWith({ a: float32([1], 1), b: float32([2], 2) });
  const step = engine.compile('run', ({ inputs, state }) => ({
    outputs: { y: tf.add(inputs.x!, state('a')), alias: state('b') },
    updates: { a: tf.mul(state('a'), 2) },
  }));
  await step({ x: float32([1], 1) });
  await step({ x: float32([1], 1) });
  expect(tf.memory().numTensors).toBe(before + 2);
  engine.set({ a: float32([3], 1) });
  expect(tf.memory().numTensors).toBe(before + 2);
  engine.delete(['b']);
  expect(tf.memory().numTensors).toBe(before + 1);
  await step.dispose();
  await engine.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('an engine that is disposed has no state', async () => {
  const engine = await engineWith({ a: float32([1]) });
  await engine.dispose();
  expect(engine.names()).toEqual([]);
});

test('without a backend it takes the native one where it is installed, else wasm', async () => {
  await using engine = await createEagerEngine();
  expect(['eager-tensorflow', 'eager-wasm']).toContain(engine.name);
});
