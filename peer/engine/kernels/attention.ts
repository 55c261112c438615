/**
 * Causal attention over the paged KV pool: each token's heads attend to the positions of the token's own sequence up to
 * its own, which the QKV launch before has written. Scores are never stored: the softmax runs along with its maximum.
 * Cost a token and head: reads 2 × positions × headDim KV values; 4 operations each; one launch.
 */
import type { Kernel } from '../pipelines.ts'
import {
  floatWgsl,
  foldGrid,
  type Grid,
  gridWgsl,
  type KernelStyle,
  type KernelVariant,
  type KvType,
  ownsRows,
  shapeWgsl,
  softCapWgsl,
  stepWgsl,
  TOKENS_PER_BLOCK
} from './shared.ts'

/** One (token, head) a thread; as wide as the vectors of the software adapters that use it. */
const ROW_THREADS = 8
/**
 * Keys a thread scores before it weighs their values; 8 take llvmpipe twice as long to compile. The running sum lives in the
 * output buffer: held in registers, a head of 64 takes seconds to compile there.
 */
const KEYS = 4
/** Threads that share one (token, head); also how many keys are scored between barriers. */
const SHARED_THREADS = 64
/** Below any score, and finite: WGSL may treat infinities as anything. */
const LOWEST = '-3.0e38'

/** What a layer does to its scores beside the softmax. */
export interface ScoreFacts {
  /** 1/√headDim when undefined. */
  factor: number | undefined
  softCap: number | undefined
  /** Keys before the window's length (in the shape) are not seen. */
  windowed: boolean
}

/** Bindings: step, shape, queries, keys, values, out. */
export function attentionKernel(headDim: number, kv: KvType, { variant, rolled }: KernelStyle, facts: ScoreFacts): Kernel {
  const { factor, softCap, windowed } = facts
  const quads = headDim / 4
  const unpack = kv === 'f16' ? 'vec4f(unpack2x16float(raw.x), unpack2x16float(raw.y))' : 'raw'
  const head = /* wgsl */ `${stepWgsl}${shapeWgsl}${gridWgsl}
@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> queries: array<vec4f>;
@group(0) @binding(3) var<storage, read> keys: array<${kv === 'f16' ? 'vec2u' : 'vec4f'}>;
@group(0) @binding(4) var<storage, read> values: array<${kv === 'f16' ? 'vec2u' : 'vec4f'}>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4f>;
const QUADS = ${quads}u;
const SCALE = ${factor === undefined ? 1 / Math.sqrt(headDim) : floatWgsl(factor)};
fn key_at(i: u32) -> vec4f { let raw = keys[i]; return ${unpack}; }
fn value_at(i: u32) -> vec4f { let raw = values[i]; return ${unpack}; }
${softCap === undefined ? '' : softCapWgsl(softCap)}
${windowed ? 'fn first_seen(position: u32) -> u32 { return select(0u, position + 1u - shape.window, position >= shape.window); }' : ''}
fn kv_row(table: u32, kv_head: u32, position: u32) -> u32 {
  let block = step[table + position / ${TOKENS_PER_BLOCK}u];
  return ((block * shape.kv_heads + kv_head) * ${TOKENS_PER_BLOCK}u + position % ${TOKENS_PER_BLOCK}u) * QUADS;
}
`
  return {
    name: `attention ${headDim} ${kv} ${variant}${windowed ? ' windowed' : ''}`,
    bindings: ['read', 'uniform', 'read', 'read', 'read', 'read_write'],
    code: head + (ownsRows(variant) ? perRow(facts) : shared(quads, rolled, facts))
  }
}

function perRow({ softCap, windowed }: ScoreFacts): string {
  const scaled = (k: number) => (softCap === undefined ? `score${k} * SCALE` : `soft_cap(score${k} * SCALE)`)
  const each = (line: (k: number) => string) => Array.from({ length: KEYS }, (_, k) => line(k)).join('\n    ')
  const list = (name: string) => Array.from({ length: KEYS }, (_, k) => `${name}${k}`)
  return /* wgsl */ `
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let item = grid_index(group_id, group_count) * ${ROW_THREADS}u + local;
  let row = item / shape.heads;
  if (row >= token_count()) { return; }
  let token = token_at(row);
  let kv_head = (item % shape.heads) / (shape.heads / shape.kv_heads);
  let at = item * QUADS;
  let last = token.position;
  ${windowed ? 'let start = first_seen(last);' : 'const start = 0u;'}
  var top = ${LOWEST};
  var total = 0.0;
  for (var first = start; first <= last; first += ${KEYS}u) {
    // Keys beyond the last are not read; the last stands in and weighs nothing.
    ${each(k => `let base${k} = kv_row(token.table, kv_head, min(first + ${k}u, last)); var score${k} = 0.0;`)}
    for (var i = 0u; i < shape.head_quads; i++) {
      let query = queries[at + i];
      ${each(k => `score${k} += dot(query, key_at(base${k} + i));`)}
    }
    ${each(k => `score${k} = select(${LOWEST}, ${scaled(k)}, first + ${k}u <= last);`)}
    let highest = ${list('score').reduce((sum, score) => `max(${sum}, ${score})`, 'top')};
    let shrink = exp(top - highest);
    ${each(k => `let weight${k} = select(0.0, exp(score${k} - highest), first + ${k}u <= last);`)}
    total = total * shrink + ${list('weight').join(' + ')};
    top = highest;
    for (var i = 0u; i < shape.head_quads; i++) {
      var sum = vec4f(0.0);
      // What lies there before the first keys is another step's, and may be anything.
      if (first > start) { sum = out[at + i] * shrink; }
      ${each(k => `sum += weight${k} * value_at(base${k} + i);`)}
      out[at + i] = sum;
    }
  }
  for (var i = 0u; i < shape.head_quads; i++) { out[at + i] /= total; }
}
`
}

function shared(quads: number, rolled: boolean, { softCap, windowed }: ScoreFacts): string {
  // Threads in the second half of a tile: a column of four values each, and as many parts of the keys as then fit.
  const split = Math.max(1, Math.floor(SHARED_THREADS / quads))
  return /* wgsl */ `
var<workgroup> query: array<vec4f, ${quads}>;
var<workgroup> scores: array<f32, ${SHARED_THREADS}>;
var<workgroup> parts: array<vec4f, ${SHARED_THREADS}>;
@compute @workgroup_size(${SHARED_THREADS})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let item = grid_index(group_id, group_count);
  // A workgroup beyond the last item repeats it without writing: barriers must be reached by all.
  let real = min(item, token_count() * shape.heads - 1u);
  let token = token_at(real / shape.heads);
  let kv_head = (real % shape.heads) / (shape.heads / shape.kv_heads);
  if (local < QUADS) { query[local] = queries[real * QUADS + local] * SCALE; }
  let column = local % QUADS;
  let part = local / QUADS;
  var sum = vec4f(0.0);
  var top = ${LOWEST};
  var total = 0.0;
  let count = token.position + 1u;
  for (var first = ${windowed ? 'first_seen(token.position)' : '0u'}; first < count; first += ${SHARED_THREADS}u) {
    let inside = min(${SHARED_THREADS}u, count - first);
    workgroupBarrier();
    if (local < inside) {
      let base = kv_row(token.table, kv_head, first + local);
      var score = 0.0;
      for (var i = 0u; i < ${rolled ? 'shape.head_quads' : 'QUADS'}; i++) { score += dot(query[i], key_at(base + i)); }
      scores[local] = ${softCap === undefined ? 'score' : 'soft_cap(score)'};
    }
    workgroupBarrier();
    var highest = top;
    for (var i = 0u; i < inside; i++) { highest = max(highest, scores[i]); }
    let shrink = exp(top - highest);
    total *= shrink;
    sum *= shrink;
    top = highest;
    for (var i = 0u; i < inside; i++) { total += exp(scores[i] - top); }
    if (part < ${split}u) {
      for (var i = part; i < inside; i += ${split}u) {
        sum += exp(scores[i] - top) * value_at(kv_row(token.table, kv_head, first + i) + column);
      }
    }
  }
  parts[local] = sum;
  workgroupBarrier();
  if (item != real || local >= QUADS) { return; }
  for (var i = 1u; i < ${split}u; i++) { sum += parts[i * QUADS + local]; }
  out[real * QUADS + local] = sum / total;
}
`
}

export function attentionGrid(tokens: number, heads: number, variant: KernelVariant, limit: number): Grid {
  const items = tokens * heads
  return foldGrid(ownsRows(variant) ? Math.ceil(items / ROW_THREADS) : items, 1, limit)
}
