/**
 * The few messages of ONNX that a language model needs, encoded by hand: weights are written as they are instead of being
 * copied through a message tree. Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

/** Pieces of an encoded message, in order, without having been joined. */
export type Encoded = Uint8Array<ArrayBuffer>[]

export const ELEMENT_TYPES = { f32: 1, u8: 2, i32: 6, f16: 10 } as const
export type ElementType = keyof typeof ELEMENT_TYPES

export interface Initializer {
  name: string
  type: ElementType
  dims: readonly number[]
  /** Little-endian elements. */
  data: Uint8Array<ArrayBuffer>
}

export interface ValueInfo {
  name: string
  type: ElementType
  /** A number, or the name of a dimension known when run. */
  dims: readonly (number | string)[]
}

/** Integers are `int` attributes, `{ float }` are float ones. */
export type Attribute = number | { float: number }

export interface GraphNode {
  operator: string
  /** Empty for ONNX's own. */
  domain: '' | 'com.microsoft'
  name: string
  /** An empty name leaves an optional input out. */
  inputs: readonly string[]
  outputs: readonly string[]
  attributes?: Record<string, Attribute>
}

export interface Graph {
  nodes: readonly GraphNode[]
  initializers: readonly Initializer[]
  inputs: readonly ValueInfo[]
  outputs: readonly ValueInfo[]
}

/** The version of the operators in ONNX's own domain; `com.microsoft` has one version only. */
const OPERATOR_SET = 21
const IR_VERSION = 10

export function encodeModel(graph: Graph): Encoded {
  const operatorSet = (domain: string, version: number) => message(8, [...string(1, domain), ...int(2, version)])
  return [
    ...int(1, IR_VERSION),
    ...string(2, 'shoal-bench'),
    ...message(7, encodeGraph(graph)),
    ...operatorSet('', OPERATOR_SET),
    ...operatorSet('com.microsoft', 1)
  ]
}

function encodeGraph({ nodes, initializers, inputs, outputs }: Graph): Encoded {
  return [
    ...nodes.flatMap(node => message(1, encodeNode(node))),
    ...string(2, 'model'),
    ...initializers.flatMap(initializer => message(5, encodeTensor(initializer))),
    ...inputs.flatMap(value => message(11, encodeValue(value))),
    ...outputs.flatMap(value => message(12, encodeValue(value)))
  ]
}

function encodeNode({ operator, domain, name, inputs, outputs, attributes = {} }: GraphNode): Encoded {
  return [
    ...inputs.flatMap(input => string(1, input)),
    ...outputs.flatMap(output => string(2, output)),
    ...string(3, name),
    ...string(4, operator),
    ...Object.entries(attributes).flatMap(([key, value]) => message(5, encodeAttribute(key, value))),
    ...string(7, domain)
  ]
}

function encodeAttribute(name: string, value: Attribute): Encoded {
  if (typeof value === 'number') return [...string(1, name), ...int(3, value), ...int(20, 2)]
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value.float, true)
  return [...string(1, name), tag(2, 5), bytes, ...int(20, 1)]
}

function encodeTensor({ name, type, dims, data }: Initializer): Encoded {
  return [...dims.flatMap(dim => int(1, dim)), ...int(2, ELEMENT_TYPES[type]), ...string(8, name), ...bytes(9, [data])]
}

function encodeValue({ name, type, dims }: ValueInfo): Encoded {
  const shape = dims.flatMap(dim => message(1, typeof dim === 'number' ? int(1, dim) : string(2, dim)))
  const tensorType = [...int(1, ELEMENT_TYPES[type]), ...message(2, shape)]
  return [...string(1, name), ...message(2, message(1, tensorType))]
}

/** Of a whole number not below zero. */
function varint(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} has no varint here`)
  const out: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...out, rest])
    out.push((rest % 128) + 128)
  }
}

const tag = (field: number, wire: 0 | 2 | 5) => varint(field * 8 + wire)
const int = (field: number, value: number): Encoded => [tag(field, 0), varint(value)]
const string = (field: number, value: string): Encoded => bytes(field, [new TextEncoder().encode(value)])
const message = (field: number, encoded: Encoded): Encoded => bytes(field, encoded)
const bytes = (field: number, pieces: Encoded): Encoded => [
  tag(field, 2),
  varint(pieces.reduce((sum, piece) => sum + piece.length, 0)),
  ...pieces
]
