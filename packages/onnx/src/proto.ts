import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * The part of ONNX' ModelProto that a graph needs, written with protobuf's wire primitives: the message
 * fields are few and fixed, and a compiled schema would be larger than this file.
 */

/** ONNX' TensorProto.DataType. */
export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;
export type OnnxType = keyof typeof DATA_TYPES;

/** What holds the values of TensorFlow.js' types. */
export const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

export interface OnnxTensor {
  name: string;
  dtype: OnnxType;
  shape: readonly number[];
  /** Bits of a float16 are a Uint16Array's. */
  data: Float32Array | Int32Array | Uint8Array | Int8Array | Uint16Array | BigInt64Array;
  /** The model's parameter that it is, or is made of; not written. */
  parameter?: string;
}

export type AttributeValue = number | string | readonly number[] | { float: number };

export interface OnnxNode {
  op: string;
  /** Operator set; '' is ONNX itself. */
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, AttributeValue>>;
  /** Default: it has none. */
  name?: string;
  /** Where it belongs in the model, such as `blocks.3.mlp.fc1`; not written. */
  path?: string;
}

/** A graph's input, output or value between. A string in the shape is a dynamic size. */
export interface OnnxPort {
  name: string;
  dtype: OnnxType;
  shape: readonly (number | string)[];
  /** Whether it is a sequence of such tensors. */
  sequence?: boolean;
}

export interface OnnxGraph {
  name: string;
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxTensor[];
  inputs: readonly OnnxPort[];
  outputs: readonly OnnxPort[];
  /** What is known of values between. */
  values?: readonly OnnxPort[];
  /** Notes on the model, by key. */
  metadata?: Readonly<Record<string, string>>;
  /** Version of ONNX' operator set. Default {@link OPSET}. */
  opset?: number;
}

/** ONNX' own operator set that graphs are written in: the first with Gelu. */
export const OPSET = 20;

type Write = (writer: BinaryWriter) => void;

const message =
  (field: number, write: Write): Write =>
  (writer) => {
    writer.tag(field, WireType.LengthDelimited).fork();
    write(writer);
    writer.join();
  };
const text =
  (field: number, value: string): Write =>
  (writer) =>
    void writer.tag(field, WireType.LengthDelimited).string(value);
const integer =
  (field: number, value: number): Write =>
  (writer) =>
    void writer.tag(field, WireType.Varint).int64(value);
const all =
  (...writes: Write[]): Write =>
  (writer) => {
    for (const write of writes) write(writer);
  };

// AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20 (FLOAT 1, INT 2, STRING 3, INTS 7).
const attribute = (name: string, value: AttributeValue): Write => {
  if (typeof value === 'number') return all(text(1, name), integer(3, value), integer(20, 2));
  if (typeof value === 'string') return all(text(1, name), text(4, value), integer(20, 3));
  if ('float' in value)
    return all(
      text(1, name),
      (w) => void w.tag(2, WireType.Bit32).float(value.float),
      integer(20, 1),
    );
  return all(text(1, name), ...value.map((n) => integer(8, n)), integer(20, 7));
};

// NodeProto: input 1, output 2, name 3, op_type 4, attribute 5, domain 7.
const node = ({ op, domain, inputs, outputs, attributes, name }: OnnxNode): Write =>
  all(
    ...inputs.map((input) => text(1, input)),
    ...outputs.map((output) => text(2, output)),
    ...(name === undefined ? [] : [text(3, name)]),
    text(4, op),
    ...Object.entries(attributes).map(([key, value]) => message(5, attribute(key, value))),
    text(7, domain),
  );

// TensorProto: dims 1, data_type 2, name 8, raw_data 9.
const tensor = ({ name, dtype, shape, data }: OnnxTensor): Write =>
  all(
    ...shape.map((n) => integer(1, n)),
    integer(2, DATA_TYPES[dtype]),
    text(8, name),
    (w) =>
      void w
        .tag(9, WireType.LengthDelimited)
        .bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );

// ValueInfoProto: name 1, type 2; TypeProto: tensor_type 1; Tensor: elem_type 1, shape 2; Dimension 1: dim_value 1, dim_param 2.
const port = ({ name, dtype, shape, sequence }: OnnxPort): Write => {
  // TypeProto: sequence_type 4; Sequence: elem_type 1.
  if (sequence)
    return all(
      text(1, name),
      message(2, message(4, message(1, message(1, integer(1, DATA_TYPES[dtype]))))),
    );
  const dims = shape.map((n) => message(1, typeof n === 'number' ? integer(1, n) : text(2, n)));
  const type = all(integer(1, DATA_TYPES[dtype]), message(2, all(...dims)));
  return all(text(1, name), message(2, message(1, type)));
};

const opset = (domain: string, version: number) =>
  message(8, all(text(1, domain), integer(2, version)));

// StringStringEntryProto: key 1, value 2.
const note = ([key, value]: [string, string]) => message(14, all(text(1, key), text(2, value)));

/** The version of ONNX' file format that an operator set came with. */
const irVersion = (version: number) => (version < 19 ? 8 : version < 21 ? 9 : 10);

/** Encodes a graph as an ONNX file. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const { values = [], metadata = {}, opset: version = OPSET } = graph;
  const writer = new BinaryWriter();
  // GraphProto: node 1, name 2, initializer 5, input 11, output 12, value_info 13.
  const body = all(
    ...graph.nodes.map((n) => message(1, node(n))),
    text(2, graph.name),
    ...graph.initializers.map((t) => message(5, tensor(t))),
    ...graph.inputs.map((p) => message(11, port(p))),
    ...graph.outputs.map((p) => message(12, port(p))),
    ...values.map((p) => message(13, port(p))),
  );
  const domains = new Set(graph.nodes.map((n) => n.domain).filter((domain) => domain !== ''));
  // ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8, metadata_props 14.
  const model = all(
    integer(1, irVersion(version)),
    text(2, '@kcr/onnx'),
    message(7, body),
    opset('', version),
    ...[...domains].map((domain) => opset(domain, 1)),
    ...Object.entries(metadata).map(note),
  );
  model(writer);
  return writer.finish();
}
