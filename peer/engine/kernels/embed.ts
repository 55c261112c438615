/**
 * Embedding: copies each token's row of the embedding table, dequantised, into the residual stream.
 * Cost: reads tokens × one quantised row, writes tokens × width × 4 bytes; 2 operations an element; one launch a part.
 */
import type { WeightDecoder } from '../decoders/decoder.ts'
import { decodersWgsl } from '../decoders/table.ts'
import type { Kernel } from '../pipelines.ts'
import { floatWgsl, foldGrid, type Grid, gridWgsl, partWgsl, stepWgsl } from './shared.ts'

const THREADS = 32

/**
 * Bindings: step, part, weights, residual. A thread decodes 32 elements of one token; ids outside the part's rows are another
 * dispatch's. `factor` is on the whole embedding.
 */
export function embedKernel(decoder: WeightDecoder, factor?: number): Kernel {
  const scaled = (value: string) => (factor === undefined ? value : `(${value}) * ${floatWgsl(factor)}`)
  return {
    name: `embed ${decoder.type}`,
    bindings: ['read', 'uniform', 'read', 'read_write'],
    code: /* wgsl */ `${stepWgsl}${partWgsl}${gridWgsl}
@group(0) @binding(1) var<uniform> part: Part;
@group(0) @binding(2) var<storage, read> weights: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> residual: array<vec4f>;
${decodersWgsl([decoder])}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let item = grid_index(group_id, group_count) * ${THREADS}u + local;
  let row = item / part.groups;
  let group = item % part.groups;
  if (row >= token_count()) { return; }
  let first = part.first_pair * 2u;
  let id = token_at(row).id;
  if (id < first || id >= first + part.pairs * 2u) { return; }
  let index = (id - first) * part.groups + group;
  let scale = scale_${decoder.type}(part.a, index);
  let out = (row * part.groups + group) * 8u;
  for (var i = 0u; i < 8u; i++) { residual[out + i] = ${scaled(`scale.x * quad_${decoder.type}(part.a, index, i) + scale.y`)}; }
}
`
  }
}

export function embedGrid(tokens: number, groups: number, limit: number): Grid {
  return foldGrid(Math.ceil((tokens * groups) / THREADS), 1, limit)
}
