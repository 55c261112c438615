/**
 * What all kernels agree on: where things lie in the step buffer, the uniform structs, how a grid is addressed.
 */

/** Tokens of a KV block. */
export const TOKENS_PER_BLOCK = 16

/** Words of the step buffer's header: token count, head row count, offset of the head row list, zero. */
export const STEP_HEADER_WORDS = 4
/** Words a token: id, position, KV slot, offset of its sequence's block table. */
export const STEP_TOKEN_WORDS = 4

/** The step buffer is the one thing uploaded a step; bound read-only at binding 0 of every kernel. */
export const stepWgsl = /* wgsl */ `
@group(0) @binding(0) var<storage, read> step: array<u32>;
struct Token { id: u32, position: u32, slot: u32, table: u32 }
fn token_at(row: u32) -> Token {
  let at = ${STEP_HEADER_WORDS}u + row * ${STEP_TOKEN_WORDS}u;
  return Token(step[at], step[at + 1u], step[at + 2u], step[at + 3u]);
}
fn token_count() -> u32 { return step[0]; }
fn head_row_count() -> u32 { return step[1]; }
fn head_row_source(row: u32) -> u32 { return step[step[2] + row]; }
`

/**
 * Facts of the model that would otherwise make pipelines of one purpose differ between models. `head_quads` is headDim / 4,
 * for loops whose bound the compiler must not know (see mat-mul.ts). `window` is the layer's, read by windowed attention only.
 */
export const shapeWgsl = /* wgsl */ `
struct Shape { width: u32, heads: u32, kv_heads: u32, epsilon: f32, head_quads: u32, window: u32 }
`

/**
 * One part of a matrix (see matrix.ts); planes begin at these units. `out_pairs` is the row length of the operation's output
 * in pairs. `quads` is always 8: a loop bound the compiler must not know (see mat-mul.ts).
 */
export const partWgsl = /* wgsl */ `
struct Planes { quants: u32, high: u32, scales: u32, pad: u32 }
struct Part {
  first_pair: u32, pairs: u32, groups: u32, out_pairs: u32,
  @align(16) a: Planes, @align(16) b: Planes,
  quads: u32, pad0: u32, pad1: u32, pad2: u32
}
`

/** `value` as a WGSL literal of type f32. */
export function floatWgsl(value: number): string {
  return `f32(${Math.fround(value)})`
}

/** Declares `fn soft_cap(value: f32) -> f32`, cap · tanh(value / cap); WGSL promises 1e-5 of its own tanh only. */
export function softCapWgsl(cap: number): string {
  return /* wgsl */ `
fn soft_cap(value: f32) -> f32 {
  let shrunk = exp(-2.0 * abs(value) / ${floatWgsl(cap)});
  return sign(value) * ${floatWgsl(cap)} * (1.0 - shrunk) / (1.0 + shrunk);
}
`
}

/** Workgroups beyond the adapter's limit along x continue along z. */
export const gridWgsl = /* wgsl */ `
fn grid_index(group: vec3u, groups: vec3u) -> u32 { return group.x + group.z * groups.x; }
`

export type Grid = readonly [x: number, y: number, z: number]

/** `count` workgroups along x and z, `rows` along y. */
export function foldGrid(count: number, rows: number, limit: number): Grid {
  const x = Math.min(count, limit)
  return [x, rows, Math.ceil(count / x)]
}

export type KvType = 'f32' | 'f16'

/**
 * How threads divide a product. `rows`: each computes whole rows, without barriers. `exchange`: so too, but the lanes of a
 * subgroup load a part of the activations each and hand it round. `workgroup`: several share a row and add up through
 * workgroup memory. `subgroup`: they do so from register to register. What is no product has the first form or the third.
 */
export const KERNEL_VARIANTS = ['rows', 'exchange', 'workgroup', 'subgroup'] as const
export type KernelVariant = (typeof KERNEL_VARIANTS)[number]

/** A thread computes its rows alone: for adapters that run on the CPU, where barriers are dear. */
export function ownsRows(variant: KernelVariant): boolean {
  return variant === 'rows' || variant === 'exchange'
}

/** Lanes that a subgroup must have at least: the variants below use groups of 8, and a larger subgroup holds several. */
export const LEAST_SUBGROUP = 8

export function needsSubgroups(variant: KernelVariant): boolean {
  return variant === 'exchange' || variant === 'subgroup'
}

export interface KernelStyle {
  variant: KernelVariant
  /**
   * Inner loops take their bounds from uniforms, so that the compiler cannot unroll them. Unrolled, llvmpipe (Mesa 25.0)
   * needs 5 to 10 times as long to compile a product and runs it at a tenth of the speed; GPU compilers merge loads when
   * they unroll.
   */
  rolled: boolean
}
