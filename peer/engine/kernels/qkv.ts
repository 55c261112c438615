/**
 * The epilogue of the fused query, key and value product: adds biases, rotates queries and keys, keeps the queries and writes
 * keys and values to the sequence's place in the paged KV pool. Rows of W_q and W_k are ordered so that a rotation pair is a
 * pair. Where heads are normed before they rotate, queries and keys are kept as they are for head-norm.ts.
 * Cost on top of the product: 8 bytes of the rotation table and 6 operations a pair; no launch of its own.
 */
import type { Epilogue } from './mat-mul.ts'
import { type KvType, shapeWgsl, TOKENS_PER_BLOCK } from './shared.ts'

/** What a layer does to queries and keys. */
export interface QkvFacts {
  rotates: boolean
  biased: boolean
  headNorms: boolean
}

/** The WGSL type of a pair of KV values. */
export function kvPair(kv: KvType): string {
  return kv === 'f16' ? 'u32' : 'vec2f'
}

/** Declares `kv_index` and `pack_pair`, and `rotate`, which needs a binding `rotations` unless `rotates` is false. */
export function rotateAndPlaceWgsl(headDim: number, kv: KvType, rotates: boolean): string {
  // A value that overflows f16 would become anything at all; held at the largest it stays an attention score.
  const pack = kv === 'f16' ? 'pack2x16float(clamp(value, vec2f(-65504.0), vec2f(65504.0)))' : 'value'
  const rotated = `let r = rotations[position * HEAD_PAIRS + pair % HEAD_PAIRS];
  return vec2f(value.x * r.x - value.y * r.y, value.x * r.y + value.y * r.x);`
  return /* wgsl */ `
const HEAD_PAIRS = ${headDim / 2}u;
fn pack_pair(value: vec2f) -> ${kvPair(kv)} { return ${pack}; }
fn rotate(position: u32, pair: u32, value: vec2f) -> vec2f {
  ${rotates ? rotated : 'return value;'}
}
fn kv_index(slot: u32, pair: u32) -> u32 {
  let block = slot / ${TOKENS_PER_BLOCK}u;
  return ((block * shape.kv_heads + pair / HEAD_PAIRS) * ${TOKENS_PER_BLOCK}u + slot % ${TOKENS_PER_BLOCK}u) * HEAD_PAIRS + pair % HEAD_PAIRS;
}
`
}

/**
 * Bindings 4 …: shape, queries, keys, values, then rotations where the layer rotates and has no head norms, then biases where
 * it has them. With step, weights and activations 8 storage buffers at most, as many as a stage may have. With head norms
 * `keys` is not the pool but a row of plain keys a token.
 */
export function qkvEpilogue(headDim: number, kv: KvType, { rotates, biased, headNorms }: QkvFacts): Epilogue {
  const here = rotates && !headNorms
  const biasAt = here ? 9 : 8
  const rotation = here ? '@group(0) @binding(8) var<storage, read> rotations: array<vec2f>;' : ''
  const bias = biased ? `@group(0) @binding(${biasAt}) var<storage, read> biases: array<vec2f>;` : ''
  const storeKey = headNorms
    ? 'keys[row * key_pairs + key] = value;'
    : 'keys[kv_index(token.slot, key)] = pack_pair(rotate(token.position, key, value));'
  const facts = [here ? '' : ' unrotated', biased ? ' biased' : ''].join('')
  return {
    name: `qkv ${headDim} ${kv}${facts}`,
    bindings: [
      'uniform',
      'read_write',
      'read_write',
      'read_write',
      ...(here ? (['read'] as const) : []),
      ...(biased ? (['read'] as const) : [])
    ],
    declarations: /* wgsl */ `${shapeWgsl}
@group(0) @binding(4) var<uniform> shape: Shape;
@group(0) @binding(5) var<storage, read_write> queries: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> keys: array<${headNorms ? 'vec2f' : kvPair(kv)}>;
@group(0) @binding(7) var<storage, read_write> values: array<${kvPair(kv)}>;
${rotation}
${bias}
`,
    store: /* wgsl */ `${rotateAndPlaceWgsl(headDim, kv, here)}
fn store(pair: u32, row: u32, product: vec2f) {
  let token = token_at(row);
  let query_pairs = shape.heads * HEAD_PAIRS;
  let key_pairs = shape.kv_heads * HEAD_PAIRS;
  let value = ${biased ? 'product + biases[pair]' : 'product'};
  if (pair < query_pairs) {
    queries[row * query_pairs + pair] = rotate(token.position, pair, value);
  } else if (pair < query_pairs + key_pairs) {
    let key = pair - query_pairs;
    ${storeKey}
  } else {
    values[kv_index(token.slot, pair - query_pairs - key_pairs)] = pack_pair(value);
  }
}
`
  }
}
