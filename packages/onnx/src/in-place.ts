import * as ort from 'onnxruntime-node';
import { encodeModel, type OnnxNode, type OnnxPort } from './proto.ts';
import { openSession } from './session.ts';

/*
 * ONNX Runtime's Node binding copies every output into new memory, even where it has just been written to
 * memory that it was given: for a training step, all parameters and moments. A graph may have one more output
 * before the others, an empty sequence, which the binding refuses to turn into a value. It refuses after the
 * run, so that nothing is copied and the given memory has the results.
 */

const UNREADABLE = 'unreadable';

/** The output that is refused. */
export const unreadableOutput: OnnxPort = {
  name: UNREADABLE,
  dtype: 'float32',
  shape: [],
  sequence: true,
};

/** The node that makes it. */
export const unreadableNode: OnnxNode = {
  op: 'SequenceEmpty',
  domain: '',
  inputs: [],
  outputs: [UNREADABLE],
  attributes: {},
};

type Tensors = Readonly<Record<string, ort.Tensor>>;

/** Runs a session once. */
export type Run = (
  session: ort.InferenceSession,
  feeds: Tensors,
  fetches: ort.InferenceSession.FetchesType,
) => Promise<unknown>;

const run: Run = (session, feeds, fetches) => session.run(feeds, fetches);

/** Runs a session that has an unreadable output, whose other results are then in `fetches`. */
export async function runInPlace(
  session: ort.InferenceSession,
  feeds: Tensors,
  fetches: Tensors,
  by = run,
): Promise<void> {
  try {
    await by(session, feeds, { [UNREADABLE]: null, ...fetches });
  } catch (error) {
    if (!/non tensor type/i.test((error as Error).message)) throw error;
    return;
  }
  throw new Error('the unreadable output was read');
}

/**
 * Whether the runtime behaves as said above, found by a small run: the binding's refusal has no code to know
 * it by but its text, and another version may read sequences, or refuse before the run.
 *
 * @param by how sessions are run
 */
export async function writesInPlace(by = run): Promise<boolean> {
  const port: OnnxPort = { name: 'x', dtype: 'float32', shape: [1] };
  const bytes = encodeModel({
    name: 'in-place',
    nodes: [
      unreadableNode,
      { op: 'Neg', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} },
    ],
    initializers: [],
    inputs: [port],
    outputs: [unreadableOutput, { ...port, name: 'y' }],
  });
  const one = (value: number) => new ort.Tensor('float32', Float32Array.of(value), [1]);
  const y = one(0);
  try {
    await using session = await openSession(bytes, { logSeverityLevel: 4 });
    await runInPlace(session, { x: one(1) }, { y }, by);
  } catch {
    return false;
  }
  return y.data[0] === -1;
}

let found: Promise<boolean> | undefined;

/** {@link writesInPlace}, asked once in a process. */
export const canWriteInPlace = (): Promise<boolean> => (found ??= writesInPlace());
