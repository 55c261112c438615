/**
 * RMS norm: y = g · x / √(mean x² + ε), per row. One kernel normalises every token, the other gathers the rows that
 * get a head row, so that the head multiplies nothing it need not.
 * Cost: reads and writes rows × width × 4 bytes; 4 operations an element; one launch.
 */
import type { Kernel } from '../pipelines.ts'
import { foldGrid, type Grid, gridWgsl, type KernelVariant, ownsRows, shapeWgsl, stepWgsl } from './shared.ts'

/** Threads that share a row in the workgroup variant. */
const SHARED_THREADS = 64
/** One row a thread; as wide as the vectors of the software adapters that use it, so that few rows still spread over cores. */
const ROW_THREADS = 8

export type NormRows = 'tokens' | 'head'

/** Bindings: step, shape, x, gain, out. `adds`: to what is in out, for the norm of what goes into the residual stream. */
export function rmsNormKernel(rows: NormRows, variant: KernelVariant, adds = false): Kernel {
  const stores = adds ? '+=' : '='
  const count = rows === 'tokens' ? 'token_count()' : 'head_row_count()'
  const source = (row: string) => (rows === 'tokens' ? row : `head_row_source(${row})`)
  const head = /* wgsl */ `${stepWgsl}${shapeWgsl}${gridWgsl}
@group(0) @binding(1) var<uniform> shape: Shape;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> gain: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
`
  const perRow = /* wgsl */ `
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = grid_index(group_id, group_count) * ${ROW_THREADS}u + local;
  if (row >= ${count}) { return; }
  let length = shape.width / 4u;
  let base = ${source('row')} * length;
  var squares = vec4f(0.0);
  for (var i = 0u; i < length; i++) { let v = x[base + i]; squares += v * v; }
  let factor = inverseSqrt((squares.x + squares.y + squares.z + squares.w) / f32(shape.width) + shape.epsilon);
  for (var i = 0u; i < length; i++) { y[row * length + i] ${stores} x[base + i] * factor * gain[i]; }
}
`
  const shared = /* wgsl */ `
var<workgroup> sums: array<f32, ${SHARED_THREADS}>;
@compute @workgroup_size(${SHARED_THREADS})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = grid_index(group_id, group_count);
  // A workgroup beyond the last row repeats it without writing: barriers must be reached by all.
  let real = min(row, ${count} - 1u);
  let length = shape.width / 4u;
  let base = ${source('real')} * length;
  var squares = vec4f(0.0);
  for (var i = local; i < length; i += ${SHARED_THREADS}u) { let v = x[base + i]; squares += v * v; }
  sums[local] = squares.x + squares.y + squares.z + squares.w;
  workgroupBarrier();
  for (var half = ${SHARED_THREADS / 2}u; half > 0u; half >>= 1u) {
    if (local < half) { sums[local] += sums[local + half]; }
    workgroupBarrier();
  }
  let factor = inverseSqrt(sums[0] / f32(shape.width) + shape.epsilon);
  if (row != real) { return; }
  for (var i = local; i < length; i += ${SHARED_THREADS}u) { y[row * length + i] ${stores} x[base + i] * factor * gain[i]; }
}
`
  return {
    name: `rms-norm ${rows} ${variant}${adds ? ' add' : ''}`,
    bindings: ['read', 'uniform', 'read', 'read', 'read_write'],
    code: head + (ownsRows(variant) ? perRow : shared)
  }
}

export function rmsNormGrid(rows: number, variant: KernelVariant, limit: number): Grid {
  return foldGrid(ownsRows(variant) ? Math.ceil(rows / ROW_THREADS) : rows, 1, limit)
}
