/**
 * Quantised matrix times activations, the one template behind every linear operation: it takes a decoder for each of a
 * pair's two rows and an epilogue that stores the pair's results. A tile of 1 is the mat-vec of decode, larger tiles
 * reuse each decoded group for several rows of activations.
 * Cost: reads rows of weights once a tile (type's bytes × rows × columns / 32) and activations; 2 operations a weight and
 * activation row; one launch a part.
 *
 * A row of activations accumulates in the same order whatever the tile, so results do not depend on the batch beyond
 * what the compiler fuses.
 */
import type { WeightDecoder } from '../decoders/decoder.ts'
import { decodersWgsl } from '../decoders/table.ts'
import type { Binding, Kernel } from '../pipelines.ts'
import { foldGrid, type Grid, gridWgsl, type KernelVariant, partWgsl, stepWgsl } from './shared.ts'

/** Activation rows of the tiled kernel. More reuse a decoded group further but are wasted on small batches and compile slower. */
export const TILE_ROWS = 4

interface Threads {
  /** Threads that share a pair of rows; each takes every lanes-th group of 32 columns. */
  lanes: number
  pairs: number
}

/** Workgroups: one pair a thread, or 8 pairs shared by 8 threads each. 8 lanes keep narrow models (width 256) busy. */
const threads: Record<KernelVariant, Threads> = {
  rows: { lanes: 1, pairs: 32 },
  workgroup: { lanes: 8, pairs: 8 }
}

export interface Epilogue {
  name: string
  /** Bindings from 4 on, as `declarations` declares them. */
  bindings: readonly Binding[]
  declarations: string
  /** Declares \`fn store(pair: u32, row: u32, a: f32, b: f32)\`: pair of the whole operation, row of activations. */
  store: string
}

export interface MatMul {
  decoders: readonly [WeightDecoder, WeightDecoder]
  /** As in MatrixPart. */
  step: 1 | 2
  rows: 'tokens' | 'head'
  tile: number
  variant: KernelVariant
  epilogue: Epilogue
}

/** Bindings: step, part, weights, activations, then the epilogue's. */
export function matMulKernel({ decoders, step, rows, tile, variant, epilogue }: MatMul): Kernel {
  const { lanes, pairs } = threads[variant]
  const tiles = Array.from({ length: tile }, (_, t) => t)
  const [a, b] = decoders
  const reduce =
    lanes === 1
      ? tiles.map(t => `if (first + ${t}u < count) { store(pair, first + ${t}u, a${t}, b${t}); }`).join('\n  ')
      : /* wgsl */ `
  let slot = local * ${tile}u;
  ${tiles.map(t => `partial[slot + ${t}u] = vec2f(a${t}, b${t});`).join('\n  ')}
  workgroupBarrier();
  // The pair's threads share its activation rows among them.
  if (index >= part.pairs) { return; }
  for (var t = lane; t < ${tile}u; t += ${lanes}u) {
    if (first + t >= count) { return; }
    var sum = vec2f(0.0);
    for (var l = 0u; l < ${lanes}u; l++) { sum += partial[(local - lane + l) * ${tile}u + t]; }
    store(pair, first + t, sum.x, sum.y);
  }`
  return {
    name: `mat-mul ${epilogue.name} ${a.type} ${b.type} ${tile} ${variant}`,
    bindings: ['read', 'uniform', 'read', 'read', ...epilogue.bindings],
    code: /* wgsl */ `${stepWgsl}${partWgsl}${gridWgsl}
@group(0) @binding(1) var<uniform> part: Part;
@group(0) @binding(2) var<storage, read> weights: array<vec4u>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
${epilogue.declarations}
${decodersWgsl(decoders)}
${epilogue.store}
${lanes === 1 ? '' : `var<workgroup> partial: array<vec2f, ${lanes * pairs * tile}>;`}
@compute @workgroup_size(${lanes * pairs})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % ${lanes}u;
  let index = grid_index(group_id, group_count) * ${pairs}u + local / ${lanes}u;
  let first = group_id.y * ${tile}u;
  let count = ${rows === 'tokens' ? 'token_count()' : 'head_row_count()'};
  ${lanes === 1 ? 'if (index >= part.pairs) { return; }' : ''}
  // Pairs and rows beyond the last compute it again and are not stored.
  let local_pair = min(index, part.pairs - 1u);
  let pair = part.first_pair + local_pair;
  let a_row = local_pair * ${step}u * part.groups;
  let b_row = (local_pair * ${step}u + ${step - 1}u) * part.groups;
  ${tiles.map(t => `let x${t} = min(first + ${t}u, count - 1u) * part.groups * 8u;`).join('\n  ')}
  ${tiles.map(t => `var a${t} = 0.0; var b${t} = 0.0;`).join('\n  ')}
  for (var group = lane; group < part.groups; group += ${lanes}u) {
    let a = group_${a.type}(part.a_quants, part.a_scales, a_row + group);
    let b = group_${b.type}(part.b_quants, part.b_scales, b_row + group);
    ${tiles.map(tileStep).join('\n    ')}
  }
  ${reduce}
}
`
  }
}

/** One row of activations against the decoded groups of both rows. */
function tileStep(t: number): string {
  const eight = Array.from({ length: 8 }, (_, i) => i)
  const sum = (row: string) => eight.map(i => `dot(${row}.v[${i}], v${i})`).join(' + ')
  return `{
      let at = x${t} + group * 8u;
      ${eight.map(i => `let v${i} = x[at + ${i}u];`).join(' ')}
      a${t} += a.scale * (${sum('a')});
      b${t} += b.scale * (${sum('b')});
    }`
}

export function matMulGrid(pairs: number, rows: number, tile: number, variant: KernelVariant, limit: number): Grid {
  return foldGrid(Math.ceil(pairs / threads[variant].pairs), Math.ceil(rows / tile), limit)
}
