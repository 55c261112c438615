/**
 * Quantised matrix times activations, the one template behind every linear operation: it takes a decoder for each of a
 * pair's two rows and an epilogue that stores the pair's results. A tile of 1 is the mat-vec of decode, larger tiles
 * reuse each decoded quad for several rows of activations.
 * Cost: reads rows of weights once a tile (type's bytes × rows × columns / 32) and activations; 2 operations a weight and
 * activation row, for types with offsets 1 more an activation; one launch a part.
 *
 * A row of activations accumulates in the same order whatever the tile, so results do not depend on the batch beyond
 * what the compiler fuses.
 *
 * `exchange` is for llvmpipe, which loads an address that all lanes share once for each of them: 8 lanes hold the 8 quads of
 * a group's activations, one each, and a shuffle (one permutation of a register there) gives every lane the quad that is due.
 */
import type { WeightDecoder } from '../decoders/decoder.ts'
import { decodersWgsl } from '../decoders/table.ts'
import type { Binding, Kernel } from '../pipelines.ts'
import {
  foldGrid,
  type Grid,
  gridWgsl,
  type KernelStyle,
  type KernelVariant,
  needsSubgroups,
  ownsRows,
  partWgsl,
  stepWgsl
} from './shared.ts'

/**
 * Rows of activations that a thread takes at once, by variant, ascending. More reuse a decoded quad further, but are wasted on
 * small batches; 8 gain a tenth at most on llvmpipe, and every tile is one more pipeline to compile there.
 */
export function tilesOf(variant: KernelVariant): readonly number[] {
  return ownsRows(variant) ? [1, 4] : [1, 4, 8]
}

/** The smallest tile that holds `rows`, or the largest. */
export function tileFor(variant: KernelVariant, rows: number): number {
  const tiles = tilesOf(variant)
  return tiles.find(tile => tile >= rows) ?? tiles.at(-1)!
}

interface Threads {
  /** Threads that share a row; each takes every lanes-th group of 32 columns. */
  lanes: number
  /** Row-taking threads (or groups of lanes) of a workgroup. */
  slots: number
  /** Pairs of rows a thread computes at once: each load of activations serves all of them. */
  pairs: number
}

/** 8 lanes keep narrow models (width 256: 8 groups) busy. */
const threads: Record<KernelVariant, Threads> = {
  rows: { lanes: 1, slots: 16, pairs: 2 },
  exchange: { lanes: 1, slots: 16, pairs: 2 },
  workgroup: { lanes: 8, slots: 8, pairs: 1 },
  subgroup: { lanes: 8, slots: 8, pairs: 1 }
}

export interface Epilogue {
  name: string
  /** Bindings from 4 on, as `declarations` declares them. */
  bindings: readonly Binding[]
  declarations: string
  /** Declares `fn store(pair: u32, row: u32, value: vec2f)`: pair of the whole operation, row of activations. */
  store: string
}

export interface MatMul {
  decoders: readonly [WeightDecoder, WeightDecoder]
  /** As in MatrixPart. */
  step: 1 | 2
  rows: 'tokens' | 'head'
  tile: number
  style: KernelStyle
  epilogue: Epilogue
}

/** Bindings: step, part, weights, activations, then the epilogue's. */
export function matMulKernel({ decoders, step, rows, tile, style, epilogue }: MatMul): Kernel {
  const { lanes, slots, pairs } = threads[style.variant]
  const quads = style.rolled ? 'part.quads' : '8u'
  const [a, b] = decoders
  const exchange = style.variant === 'exchange'
  const subgroups = needsSubgroups(style.variant)
  // Σ (scale · q + offset) · v over a group is scale · Σ q·v + offset · Σ v, and Σ v serves all rows.
  const offsets = a.offsets || b.offsets
  const pairList = Array.from({ length: pairs }, (_, p) => p)
  const tileList = Array.from({ length: tile }, (_, t) => t)
  const each = (line: (p: number) => string) => pairList.map(line).join(' ')
  const eachSum = (line: (p: number, t: number) => string) => tileList.map(t => each(p => line(p, t))).join('\n    ')
  const store = (p: number, t: string, value: string) =>
    `if (index + ${p}u < part.pairs && first + ${t} < count) { store(part.first_pair + index + ${p}u, first + ${t}, ${value}); }`
  return {
    name: `mat-mul ${epilogue.name} ${a.type} ${b.type} ${tile} ${style.variant}`,
    bindings: ['read', 'uniform', 'read', 'read', ...epilogue.bindings],
    code: /* wgsl */ `${subgroups ? 'enable subgroups;' : ''}${stepWgsl}${partWgsl}${gridWgsl}
@group(0) @binding(1) var<uniform> part: Part;
@group(0) @binding(2) var<storage, read> weights: array<vec4u>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
${epilogue.declarations}
${decodersWgsl(decoders)}
${epilogue.store}
${style.variant !== 'workgroup' ? '' : `var<workgroup> partial: array<vec2f, ${lanes * slots * pairs * tile}>;`}
@compute @workgroup_size(${lanes * slots})
fn main(@builtin(workgroup_id) group_id: vec3u, @builtin(num_workgroups) group_count: vec3u, @builtin(local_invocation_index) local: u32${exchange ? ', @builtin(subgroup_invocation_id) place: u32' : ''}) {
  ${lanes === 1 ? 'const lane = 0u;' : `let lane = local % ${lanes}u;`}
  let index = (grid_index(group_id, group_count) * ${slots}u + local / ${lanes}u) * ${pairs}u;
  let first = group_id.y * ${tile}u;
  let count = ${rows === 'tokens' ? 'token_count()' : 'head_row_count()'};
  ${style.variant === 'rows' ? 'if (index >= part.pairs) { return; }' : ''}
  // Pairs and rows beyond the last are computed as the last once more, and not stored.
  ${each(p => `let pair${p} = min(index + ${p}u, part.pairs - 1u);`)}
  ${tileList.map(t => `let x${t} = min(first + ${t}u, count - 1u) * part.groups * 8u;`).join('\n  ')}
  ${eachSum((p, t) => `var sum${p}_${t} = vec2f(0.0);`)}
  for (var group = lane; group < part.groups; group += ${lanes}u) {
    ${each(p => `let a${p} = pair${p} * ${step}u * part.groups + group; let b${p} = (pair${p} * ${step}u + ${step - 1}u) * part.groups + group;`)}
    ${eachSum((p, t) => `var part${p}_${t} = vec2f(0.0);`)}
    ${offsets ? tileList.map(t => `var all${t} = 0.0;`).join(' ') : ''}
    ${exchange ? tileList.map(t => `let own${t} = x[x${t} + group * 8u + place % 8u];`).join(' ') : ''}
    for (var quad = 0u; quad < ${quads}; quad++) {
      ${each(p => `let qa${p} = quad_${a.type}(part.a, a${p}, quad); let qb${p} = quad_${b.type}(part.b, b${p}, quad);`)}
      ${tileList.map(t => `let v${t} = ${exchange ? `subgroupShuffle(own${t}, quad)` : `x[x${t} + group * 8u + quad]`};`).join(' ')}
      ${offsets ? tileList.map(t => `all${t} += dot(v${t}, vec4f(1.0));`).join(' ') : ''}
      ${eachSum((p, t) => `part${p}_${t} += vec2f(dot(qa${p}, v${t}), dot(qb${p}, v${t}));`)}
    }
    ${each(p => `let sa${p} = scale_${a.type}(part.a, a${p}); let sb${p} = scale_${b.type}(part.b, b${p});`)}
    ${eachSum((p, t) => `sum${p}_${t} += vec2f(sa${p}.x, sb${p}.x) * part${p}_${t};`)}
    ${offsets ? eachSum((p, t) => `sum${p}_${t} += vec2f(sa${p}.y, sb${p}.y) * all${t};`) : ''}
  }
  ${endOf[style.variant]({ lanes, pairs, tile, eachSum, each, store })}
}
`
  }
}

/** What becomes of a thread's sums, in WGSL. */
interface Ending {
  lanes: number
  pairs: number
  tile: number
  eachSum: (line: (p: number, t: number) => string) => string
  each: (line: (p: number) => string) => string
  store: (p: number, t: string, value: string) => string
}

const endOf: Record<KernelVariant, (ending: Ending) => string> = {
  rows: storeOwn,
  exchange: storeOwn,
  workgroup: reduceInMemory,
  subgroup: reduceInRegisters
}

function storeOwn({ eachSum, store }: Ending): string {
  return eachSum((p, t) => store(p, `${t}u`, `sum${p}_${t}`))
}

/**
 * Adds up what the lanes of a row hold, pairwise; then each lane stores some of the tile's rows. That lanes that follow each
 * other in the workgroup do so in the subgroup is nowhere promised, and true of every adapter known; the self-test would tell.
 */
function reduceInRegisters({ lanes, eachSum, store }: Ending): string {
  let code = ''
  for (let mask = lanes / 2; mask >= 1; mask /= 2)
    code += `${eachSum((p, t) => `sum${p}_${t} += subgroupShuffleXor(sum${p}_${t}, ${mask}u);`)}\n  `
  return `${code}${eachSum((p, t) => `if (lane == ${t % lanes}u) { ${store(p, `${t}u`, `sum${p}_${t}`)} }`)}`
}

/** Adds up what the lanes of a row hold; the lanes share the tile's rows among them. */
function reduceInMemory({ lanes, pairs, tile, eachSum, each, store }: Ending): string {
  const at = (lane: string, p: number, t: string) => `((${lane}) * ${pairs}u + ${p}u) * ${tile}u + ${t}`
  return /* wgsl */ `
  ${eachSum((p, t) => `partial[${at('local', p, `${t}u`)}] = sum${p}_${t};`)}
  workgroupBarrier();
  for (var t = lane; t < ${tile}u; t += ${lanes}u) {
    ${each(
      p => `var total${p} = vec2f(0.0);
    for (var l = 0u; l < ${lanes}u; l++) { total${p} += partial[${at('local - lane + l', p, 't')}]; }
    ${store(p, 't', `total${p}`)}`
    )}
  }`
}

export function matMulGrid(pairs: number, rows: number, tile: number, variant: KernelVariant, limit: number): Grid {
  const { slots, pairs: perThread } = threads[variant]
  return foldGrid(Math.ceil(pairs / (slots * perThread)), Math.ceil(rows / tile), limit)
}
