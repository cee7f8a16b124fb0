import { type Tensor, tf } from '../tensor/tf.ts';
import { type ShapeRule, shapeRules } from '../trace/shapes.ts';

type Named = Record<string, Tensor>;

/**
 * An op that an engine may run as one good node: it is a TensorFlow.js kernel of its own, computed from
 * plain ops wherever no backend has a better one, with its gradient written once.
 */
export interface Composite<A extends object> {
  readonly name: string;
  /** Input names, in order; `gradient` gets those in `saved` by name. */
  readonly saved?: readonly string[];
  /** Which outputs `gradient` needs. */
  readonly savedOutputs?: readonly boolean[];
  readonly shapes: ShapeRule;
  /** The definition, in TensorFlow.js ops. */
  compute(inputs: Named, attrs: A): Tensor[];
  /** Gradients by input name, from those of the outputs and what was saved. Absent: not differentiable. */
  gradient?(dy: Tensor[], saved: Tensor[], attrs: A): Record<string, () => Tensor>;
}

/** Registers a composite and returns the function that calls it. */
export function defineComposite<A extends object>(composite: Composite<A>) {
  const { name, shapes, gradient } = composite;
  (shapeRules as Map<string, ShapeRule>).set(name, shapes);
  if (gradient) {
    tf.registerGradient({
      kernelName: name,
      inputsToSave: [...(composite.saved ?? [])],
      outputsToSave: [...(composite.savedOutputs ?? [])],
      gradFunc: (dy, saved, attrs) =>
        gradient(Array.isArray(dy) ? dy : [dy], saved, attrs as unknown as A),
    });
  }
  return (inputs: Named, attrs: A): Tensor[] => {
    const backendName = tf.getBackend();
    if (!tf.getKernel(name, backendName)) {
      tf.registerKernel({
        kernelName: name,
        backendName,
        kernelFunc: (call) => {
          const outputs = tf.tidy(() =>
            composite.compute(call.inputs as unknown as Named, call.attrs as unknown as A),
          );
          return outputs.length === 1 ? outputs[0]! : outputs;
        },
      });
    }
    const outputs = tf.engine().runKernel(name, inputs, attrs as unknown as tf.NamedAttrMap);
    return Array.isArray(outputs) ? outputs : [outputs as Tensor];
  };
}

/** A composite of tensors of one shape, whose only output has that shape. */
export const elementwise = (composite: Omit<Composite<Record<string, never>>, 'shapes'>) =>
  defineComposite({ ...composite, shapes: ({ x }) => [{ shape: x!.shape, dtype: 'float32' }] });
