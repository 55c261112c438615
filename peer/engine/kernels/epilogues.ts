/**
 * What happens to a pair of a matrix product's rows: added to the residual stream, combined into the gated activation,
 * or kept as logits. The one with rotary positions and the KV write has a file of its own (qkv.ts).
 */
import type { Epilogue } from './mat-mul.ts'

/** residual += W x, for the attention's and the feed-forward's output. Binding 4: residual. */
export const residualAdd: Epilogue = {
  name: 'residual-add',
  bindings: ['read_write'],
  declarations: '@group(0) @binding(4) var<storage, read_write> residual: array<vec2f>;',
  store: /* wgsl */ `
fn store(pair: u32, row: u32, value: vec2f) { residual[row * part.out_pairs + pair] += value; }
`
}

/** SiLU(gate) · up, one value a pair. Binding 4: activation. */
export const gateUp: Epilogue = {
  name: 'gate-up',
  bindings: ['read_write'],
  declarations: '@group(0) @binding(4) var<storage, read_write> activation: array<f32>;',
  // exp's argument is held below overflow: WGSL lets an infinity become anything.
  store: /* wgsl */ `
fn store(pair: u32, row: u32, value: vec2f) { activation[row * part.out_pairs + pair] = value.x / (1.0 + exp(min(-value.x, 80.0))) * value.y; }
`
}

/** Logits, rows of 2 × out_pairs values: one more than the vocabulary when that is odd. Binding 4: logits. */
export const head: Epilogue = {
  name: 'head',
  bindings: ['read_write'],
  declarations: '@group(0) @binding(4) var<storage, read_write> logits: array<vec2f>;',
  store: /* wgsl */ `
fn store(pair: u32, row: u32, value: vec2f) { logits[row * part.out_pairs + pair] = value; }
`
}
