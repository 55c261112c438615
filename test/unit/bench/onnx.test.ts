/** The ONNX form of GGUF weights, against the oracle's dequantisation, and its encoding, against a protobuf reader. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import protobuf from 'protobufjs'
import { factsOf } from '../../../peer/model/tensor-types.ts'
import { blocksOf, stacked } from '../../bench/onnx/blocks.ts'
import { encodeModel } from '../../bench/onnx/proto.ts'
import { dequantise } from '../../oracle/dequantise.ts'
import { drawTensor } from '../../oracle/synthetic-types.ts'
import { random } from '../engine/synthetic.ts'

const ROWS = 3
const COLUMNS = 512

function drawn(type: 'Q4_0' | 'Q8_0' | 'Q4_K') {
  return drawTensor(type, { dims: [COLUMNS, ROWS], center: 0, spread: 0.1 }, random(5))
}

/** MatMulNBits' own rule: (quant − zero point) × scale, zero point 2^(bits − 1) unless given. */
function element(matrix: ReturnType<typeof blocksOf>, row: number, column: number): number {
  const { columns, bits, quants, scales, zeroPoints } = matrix
  const blocks = columns / 32
  const block = Math.floor(column / 32)
  const at = (row * columns + column) * (bits / 8)
  const nibble = (byte: number, index: number) => (byte >> ((index & 1) * 4)) & 15
  const quant = bits === 8 ? quants[at]! : nibble(quants[Math.floor(at)]!, column)
  const zero = zeroPoints === undefined ? 2 ** (bits - 1) : nibble(zeroPoints[row * Math.ceil(blocks / 2) + (block >> 1)]!, block)
  return (quant - zero) * scales[row * blocks + block]!
}

for (const type of ['Q4_0', 'Q8_0'] as const)
  test(`${type} becomes blocks of the same values`, () => {
    const data = drawn(type)
    const expected = dequantise(factsOf(type).id, data, 0, ROWS * COLUMNS)
    const matrix = blocksOf(type, data, ROWS, COLUMNS)
    for (let index = 0; index < ROWS * COLUMNS; index++)
      assert.equal(element(matrix, Math.floor(index / COLUMNS), index % COLUMNS), expected[index], `element ${index}`)
  })

test('Q4_K becomes blocks of values at most half a scale away, where the minimum is at most 15 scales', () => {
  const data = drawn('Q4_K')
  const expected = dequantise(factsOf('Q4_K').id, data, 0, ROWS * COLUMNS)
  const matrix = blocksOf('Q4_K', data, ROWS, COLUMNS)
  let held = 0
  for (let index = 0; index < ROWS * COLUMNS; index++) {
    const scale = matrix.scales[Math.floor(index / 32)]!
    const block = Math.floor(index / 32) % (COLUMNS / 32)
    const zero = (matrix.zeroPoints![Math.floor(index / COLUMNS) * (COLUMNS / 64) + (block >> 1)]! >> ((block & 1) * 4)) & 15
    if (zero === 15 || scale === 0) continue
    held++
    const difference = element(matrix, Math.floor(index / COLUMNS), index % COLUMNS) - expected[index]!
    assert.ok(Math.abs(difference) <= (scale / 2) * 1.0001, `element ${index} is ${difference} off, its scale ${scale}`)
  }
  assert.ok(held > (ROWS * COLUMNS) / 3, `${held} elements could be held to it`)
})

test('rows are reordered, and matrices stacked', () => {
  const data = drawn('Q4_0')
  const plain = blocksOf('Q4_0', data, ROWS, COLUMNS)
  const reversed = blocksOf('Q4_0', data, ROWS, COLUMNS, row => ROWS - 1 - row)
  assert.equal(element(reversed, 0, 77), element(plain, 2, 77))
  const both = stacked([plain, reversed])
  assert.equal(both.rows, 2 * ROWS)
  assert.equal(element(both, 1, 33), element(plain, 1, 33))
  assert.equal(element(both, ROWS + 2, 33), element(plain, 0, 33))
})

test('a model is what a protobuf reader with the messages of onnx.proto finds', () => {
  const { root } = protobuf.parse(
    `syntax = "proto2";
    message Attribute { optional string name = 1; optional float f = 2; optional int64 i = 3; optional int32 type = 20; }
    message Node { repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
      repeated Attribute attribute = 5; optional string domain = 7; }
    message Tensor { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9; }
    message Dim { optional int64 dim_value = 1; optional string dim_param = 2; }
    message Shape { repeated Dim dim = 1; }
    message TensorType { optional int32 elem_type = 1; optional Shape shape = 2; }
    message Type { optional TensorType tensor_type = 1; }
    message Value { optional string name = 1; optional Type type = 2; }
    message Graph { repeated Node node = 1; optional string name = 2; repeated Tensor initializer = 5; repeated Value input = 11; repeated Value output = 12; }
    message Opset { optional string domain = 1; optional int64 version = 2; }
    message Model { optional int64 ir_version = 1; optional Graph graph = 7; repeated Opset opset_import = 8; }`,
    { keepCase: true }
  )
  const encoded = encodeModel({
    nodes: [
      {
        operator: 'Mul',
        domain: '',
        name: 'm',
        inputs: ['a', '', 'w'],
        outputs: ['b'],
        attributes: { K: 300, epsilon: { float: 0.5 } }
      }
    ],
    initializers: [{ name: 'w', type: 'u8', dims: [2, 200], data: new Uint8Array(400).fill(7) }],
    inputs: [{ name: 'a', type: 'i32', dims: [1, 'count'] }],
    outputs: [{ name: 'b', type: 'f16', dims: [1] }]
  })
  const type = root.lookupType('Model')
  const model = type.toObject(type.decode(Buffer.concat(encoded)), { longs: Number }) as {
    graph: Record<string, Record<string, unknown>[]>
    opset_import: object[]
  }
  assert.deepEqual(model.opset_import, [
    { domain: '', version: 21 },
    { domain: 'com.microsoft', version: 1 }
  ])
  const { node, initializer, input, output } = model.graph
  assert.deepEqual(node, [
    {
      input: ['a', '', 'w'],
      output: ['b'],
      name: 'm',
      op_type: 'Mul',
      attribute: [
        { name: 'K', i: 300, type: 2 },
        { name: 'epsilon', f: 0.5, type: 1 }
      ],
      domain: ''
    }
  ])
  assert.deepEqual(
    initializer!.map(({ name, dims, data_type, raw_data }) => [name, dims, data_type, (raw_data as Uint8Array).length]),
    [['w', [2, 200], 2, 400]]
  )
  assert.deepEqual(input, [
    { name: 'a', type: { tensor_type: { elem_type: 6, shape: { dim: [{ dim_value: 1 }, { dim_param: 'count' }] } } } }
  ])
  assert.deepEqual(output, [{ name: 'b', type: { tensor_type: { elem_type: 10, shape: { dim: [{ dim_value: 1 }] } } } }])
})
