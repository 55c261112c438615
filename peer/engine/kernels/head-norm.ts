/**
 * RMS norm of each head of queries and keys, then rotation and the keys' write to the KV pool: a norm needs a whole head,
 * which no thread of the product before has.
 * Cost a token and head: reads and writes headDim values, 8 bytes of the rotation table a pair; 10 operations a pair; one launch.
 */
import type { Kernel } from '../pipelines.ts'
import { kvPair, rotateAndPlaceWgsl } from './qkv.ts'
import { foldGrid, type Grid, gridWgsl, type KernelVariant, type KvType, ownsRows, shapeWgsl, stepWgsl } from './shared.ts'

/** Threads that share a head in the workgroup variant. */
const SHARED_THREADS = 32
/** One head a thread; as wide as the vectors of the software adapters that use it. */
const ROW_THREADS = 8

/** Bindings: step, shape, queries (normed where they are), plain keys, keys of the pool, gains of both, rotations where the layer rotates. */
export function headNormKernel(headDim: number, kv: KvType, rotates: boolean, variant: KernelVariant): Kernel {
  const head = /* wgsl */ `${stepWgsl}${shapeWgsl}${gridWgsl}
@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read_write> queries: array<vec2f>;
@group(0) @binding(3) var<storage, read> plain: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> keys: array<${kvPair(kv)}>;
@group(0) @binding(5) var<storage, read> gains: array<vec2f>;
${rotates ? '@group(0) @binding(6) var<storage, read> rotations: array<vec2f>;' : ''}
${rotateAndPlaceWgsl(headDim, kv, rotates)}
struct Head { token: Token, query: bool, row: u32, index: u32 }
/** Heads of a token: the queries', then the keys'. */
fn head_at(item: u32) -> Head {
  let count = shape.heads + shape.kv_heads;
  let row = item / count;
  let index = item % count;
  let query = index < shape.heads;
  return Head(token_at(row), query, row, select(index - shape.heads, index, query));
}
fn pair_at(h: Head, pair: u32) -> vec2f {
  if (h.query) { return queries[(h.row * shape.heads + h.index) * HEAD_PAIRS + pair]; }
  return plain[(h.row * shape.kv_heads + h.index) * HEAD_PAIRS + pair];
}
fn store(h: Head, pair: u32, factor: f32) {
  let gain = gains[select(HEAD_PAIRS, 0u, h.query) + pair];
  let value = rotate(h.token.position, pair, pair_at(h, pair) * factor * gain);
  if (h.query) { queries[(h.row * shape.heads + h.index) * HEAD_PAIRS + pair] = value; }
  else { keys[kv_index(h.token.slot, h.index * HEAD_PAIRS + pair)] = pack_pair(value); }
}
fn factor_of(squares: f32) -> f32 { return inverseSqrt(squares / ${headDim}.0 + shape.epsilon); }
`
  const perRow = /* wgsl */ `
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let item = grid_index(group_id, group_count) * ${ROW_THREADS}u + local;
  if (item >= token_count() * (shape.heads + shape.kv_heads)) { return; }
  let h = head_at(item);
  let pairs = shape.head_quads * 2u;
  var squares = vec2f(0.0);
  for (var i = 0u; i < pairs; i++) { let v = pair_at(h, i); squares += v * v; }
  let factor = factor_of(squares.x + squares.y);
  for (var i = 0u; i < pairs; i++) { store(h, i, factor); }
}
`
  const shared = /* wgsl */ `
var<workgroup> sums: array<f32, ${SHARED_THREADS}>;
@compute @workgroup_size(${SHARED_THREADS})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let item = grid_index(group_id, group_count);
  // A workgroup beyond the last head repeats it without writing: barriers must be reached by all.
  let real = min(item, token_count() * (shape.heads + shape.kv_heads) - 1u);
  let h = head_at(real);
  let pairs = shape.head_quads * 2u;
  var squares = vec2f(0.0);
  for (var i = local; i < pairs; i += ${SHARED_THREADS}u) { let v = pair_at(h, i); squares += v * v; }
  sums[local] = squares.x + squares.y;
  workgroupBarrier();
  for (var half = ${SHARED_THREADS / 2}u; half > 0u; half >>= 1u) {
    if (local < half) { sums[local] += sums[local + half]; }
    workgroupBarrier();
  }
  if (item != real) { return; }
  let factor = factor_of(sums[0]);
  for (var i = local; i < pairs; i += ${SHARED_THREADS}u) { store(h, i, factor); }
}
`
  return {
    name: `head-norm ${headDim} ${kv} ${variant}${rotates ? '' : ' unrotated'}`,
    bindings: ['read', 'uniform', 'read_write', 'read', 'read_write', 'read', ...(rotates ? (['read'] as const) : [])],
    code: head + (ownsRows(variant) ? perRow : shared)
  }
}

/** `heads` of queries and keys together. */
export function headNormGrid(tokens: number, heads: number, variant: KernelVariant, limit: number): Grid {
  const items = tokens * heads
  return foldGrid(ownsRows(variant) ? Math.ceil(items / ROW_THREADS) : items, 1, limit)
}
