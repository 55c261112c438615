/**
 * The epilogue of the fused query, key and value product: rotates queries and keys, keeps the queries and writes keys and
 * values to the sequence's place in the paged KV pool. Rows of W_q and W_k are ordered so that a rotation pair is a pair.
 * Cost on top of the product: 8 bytes of the rotation table and 6 operations a pair; no launch of its own.
 */
import type { Epilogue } from './mat-mul.ts'
import { type KvType, shapeWgsl, TOKENS_PER_BLOCK } from './shared.ts'

/** Bindings 4 …: shape, queries, keys, values, rotations. With step, weights and activations 7 of the 8 storage buffers a stage may have. */
export function qkvEpilogue(headDim: number, kv: KvType): Epilogue {
  const kvPair = kv === 'f16' ? 'u32' : 'vec2f'
  // A value that overflows f16 would become anything at all; held at the largest it stays an attention score.
  const pack = kv === 'f16' ? 'pack2x16float(clamp(value, vec2f(-65504.0), vec2f(65504.0)))' : 'value'
  return {
    name: `qkv ${headDim} ${kv}`,
    bindings: ['uniform', 'read_write', 'read_write', 'read_write', 'read'],
    declarations: /* wgsl */ `${shapeWgsl}
@group(0) @binding(4) var<uniform> shape: Shape;
@group(0) @binding(5) var<storage, read_write> queries: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> keys: array<${kvPair}>;
@group(0) @binding(7) var<storage, read_write> values: array<${kvPair}>;
@group(0) @binding(8) var<storage, read> rotations: array<vec2f>;
`,
    store: /* wgsl */ `
const HEAD_PAIRS = ${headDim / 2}u;
fn pack_pair(value: vec2f) -> ${kvPair} { return ${pack}; }
fn rotate(position: u32, pair: u32, value: vec2f) -> vec2f {
  let r = rotations[position * HEAD_PAIRS + pair % HEAD_PAIRS];
  return vec2f(value.x * r.x - value.y * r.y, value.x * r.y + value.y * r.x);
}
fn kv_index(slot: u32, pair: u32) -> u32 {
  let block = slot / ${TOKENS_PER_BLOCK}u;
  return ((block * shape.kv_heads + pair / HEAD_PAIRS) * ${TOKENS_PER_BLOCK}u + slot % ${TOKENS_PER_BLOCK}u) * HEAD_PAIRS + pair % HEAD_PAIRS;
}
fn store(pair: u32, row: u32, product: vec2f) {
  let token = token_at(row);
  let query_pairs = shape.heads * HEAD_PAIRS;
  let key_pairs = shape.kv_heads * HEAD_PAIRS;
  if (pair < query_pairs) {
    queries[row * query_pairs + pair] = rotate(token.position, pair, product);
  } else if (pair < query_pairs + key_pairs) {
    let key = pair - query_pairs;
    keys[kv_index(token.slot, key)] = pack_pair(rotate(token.position, key, product));
  } else {
    let value = pair - query_pairs - key_pairs;
    values[kv_index(token.slot, value)] = pack_pair(product);
  }
}
`
  }
}
