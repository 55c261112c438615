/**
 * What happens to a pair of a matrix product's rows: added to the residual stream, combined into the gated activation,
 * or kept as logits. The one with rotary positions and the KV write has a file of its own (qkv.ts).
 */
import type { Epilogue } from './mat-mul.ts'
import { floatWgsl, softCapWgsl } from './shared.ts'

/** residual += factor · W x, for the attention's and the feed-forward's output. Binding 4: residual. */
export function residualAdd(factor?: number): Epilogue {
  return {
    name: 'residual-add',
    bindings: ['read_write'],
    declarations: '@group(0) @binding(4) var<storage, read_write> residual: array<vec2f>;',
    store: /* wgsl */ `
fn store(pair: u32, row: u32, value: vec2f) { residual[row * part.out_pairs + pair] += ${factor === undefined ? 'value' : `value * ${floatWgsl(factor)}`}; }
`
  }
}

/** W x by itself, where a norm comes before it is added to the residual stream. Binding 4: out. */
export const keep: Epilogue = {
  name: 'keep',
  bindings: ['read_write'],
  declarations: '@group(0) @binding(4) var<storage, read_write> out: array<vec2f>;',
  store: /* wgsl */ `
fn store(pair: u32, row: u32, value: vec2f) { out[row * part.out_pairs + pair] = value; }
`
}

/**
 * act(gate) · up, one value a pair. Binding 4: activation. SiLU is x · σ(x); the tanh form of GELU is x · σ(2u) with
 * u = √(2/π) · (x + 0.044715 x³), https://arxiv.org/abs/1606.08415.
 */
export function gateUp(activation: 'silu' | 'gelu'): Epilogue {
  const inSigmoid =
    activation === 'silu'
      ? 'value.x'
      : `${floatWgsl(2 * Math.sqrt(2 / Math.PI))} * value.x * (1.0 + 0.044715 * value.x * value.x)`
  return {
    name: activation === 'silu' ? 'gate-up' : 'gate-up gelu',
    bindings: ['read_write'],
    declarations: '@group(0) @binding(4) var<storage, read_write> activation: array<f32>;',
    // exp's argument is held below overflow: WGSL lets an infinity become anything.
    store: /* wgsl */ `
fn store(pair: u32, row: u32, value: vec2f) { activation[row * part.out_pairs + pair] = value.x / (1.0 + exp(min(-(${inSigmoid}), 80.0))) * value.y; }
`
  }
}

export interface LogitFacts {
  factor?: number | undefined
  softCap?: number | undefined
}

/** Logits, rows of 2 × out_pairs values: one more than the vocabulary when that is odd. Binding 4: logits. */
export function head({ factor, softCap }: LogitFacts): Epilogue {
  const scaled = factor === undefined ? 'value' : `value * ${floatWgsl(factor)}`
  const capped = softCap === undefined ? scaled : `vec2f(soft_cap((${scaled}).x), soft_cap((${scaled}).y))`
  return {
    name: 'head',
    bindings: ['read_write'],
    declarations: `@group(0) @binding(4) var<storage, read_write> logits: array<vec2f>;${softCap === undefined ? '' : softCapWgsl(softCap)}`,
    store: /* wgsl */ `
fn store(pair: u32, row: u32, value: vec2f) { logits[row * part.out_pairs + pair] = ${capped}; }
`
  }
}
