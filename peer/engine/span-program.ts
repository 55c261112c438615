/**
 * The static plan of a span: which launches a step makes, with pipelines compiled and bind groups built once. Seven
 * launches a layer (norm, QKV, attention, output, norm, gate-up, down), one more where heads are normed, two more where
 * outputs are, plus one for each further part of a split matrix.
 */
import type { Hyperparameters } from '../model/types.ts'
import { type SpanMatrices, UNIFORM_BYTES, windowsOf } from './budget.ts'
import { GROUP_ELEMENTS } from './decoders/decoder.ts'
import type { EngineDevice } from './device.ts'
import { BUFFER_USAGE } from './gpu-usage.ts'
import { attentionGrid, attentionKernel } from './kernels/attention.ts'
import { embedGrid, embedKernel } from './kernels/embed.ts'
import { gateUp, head, keep, residualAdd } from './kernels/epilogues.ts'
import { headNormGrid, headNormKernel } from './kernels/head-norm.ts'
import { type Epilogue, matMulGrid, matMulKernel, tileFor, tilesOf } from './kernels/mat-mul.ts'
import { qkvEpilogue } from './kernels/qkv.ts'
import { type NormRows, rmsNormGrid, rmsNormKernel } from './kernels/rms-norm.ts'
import type { Grid, KernelStyle, KvType } from './kernels/shared.ts'
import type { MatrixPart } from './matrix.ts'
import type { Kernel } from './pipelines.ts'
import type { BufferOwner, SpanBuffers } from './span-buffers.ts'
import type { LayerTensors, SpanTensors } from './span-tensors.ts'
import type { VectorPart } from './vectors.ts'

export interface Launch {
  name: string
  bindings: GPUBindGroup
  /** For `rows` tokens or head rows. */
  pipeline: (rows: number) => GPUComputePipeline
  /** Workgroups for `rows` tokens or head rows. */
  grid: (rows: number) => Grid
}

/** A layer's launches by what they compute, in order. */
export interface LayerProgram {
  attentionNorm: Launch[]
  qkv: Launch[]
  headNorm: Launch[]
  attention: Launch[]
  attentionOutput: Launch[]
  postAttentionNorm: Launch[]
  feedForwardNorm: Launch[]
  gateUp: Launch[]
  down: Launch[]
  postFeedForwardNorm: Launch[]
}

export interface SpanProgram {
  /** Token ids to residual stream; empty for a span fed with hidden states. */
  embed: Launch[]
  layers: LayerProgram[]
  /** Residual stream to logits; both empty for a span that does not head. */
  outputNorm: Launch[]
  head: Launch[]
}

/** Launches that take a batch's tokens through the whole span, and those that make head rows of them. */
export function launchesOf(program: SpanProgram): { tokens: Launch[]; head: Launch[] } {
  return {
    tokens: [...program.embed, ...program.layers.flatMap(layer => Object.values(layer).flat() as Launch[])],
    head: [...program.outputNorm, ...program.head]
  }
}

export interface ProgramRequest {
  device: EngineDevice
  hyperparameters: Hyperparameters
  tensors: SpanTensors
  matrices: SpanMatrices
  buffers: SpanBuffers
  kv: KvType
  style: KernelStyle
}

/** @throws InternalError when a kernel does not compile */
export async function buildProgram(owner: BufferOwner, request: ProgramRequest): Promise<SpanProgram> {
  const { device, hyperparameters, tensors, matrices, buffers, kv, style } = request
  const { variant } = style
  const { headDim, heads, kvHeads, width, feedForward } = hyperparameters
  const limit = device.gridLimit
  const shapes = new Map(
    windowsOf(tensors.layers).map(window => [
      window,
      uniform(owner, view => {
        view.setUint32(0, width, true)
        view.setUint32(4, heads, true)
        view.setUint32(8, kvHeads, true)
        view.setFloat32(12, hyperparameters.normEpsilon, true)
        view.setUint32(16, headDim / 4, true)
        view.setUint32(20, window ?? 0, true)
      })
    ])
  )
  const shape = shapes.get(undefined)!

  /** `kernels` bind alike; `choose` says which of them `rows` take. */
  const launch = async (
    kernels: readonly Kernel[],
    bound: readonly GPUBuffer[],
    grid: Launch['grid'],
    choose: (rows: number) => number = () => 0
  ): Promise<Launch> => {
    const pipelines = await Promise.all(kernels.map(kernel => device.pipelines.compile(kernel)))
    const { name, bindings } = kernels.at(-1)!
    return {
      name,
      bindings: device.gpu.createBindGroup({
        layout: device.pipelines.layout(bindings),
        entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } }))
      }),
      pipeline: rows => pipelines[choose(rows)]!,
      grid
    }
  }
  const part = (of: MatrixPart, outPairs: number) =>
    uniform(owner, view => {
      const [a, b] = of.planes
      const planes = [a, b].flatMap(({ at }) => [at.quants, at.high, at.scales, 0])
      const words = [of.firstPair, of.pairs, of.groups, outPairs, ...planes, GROUP_ELEMENTS / 4]
      for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true)
    })
  const norm = (rows: NormRows, gain: VectorPart) => {
    const kernel = rmsNormKernel(rows, variant)
    const bound = [buffers.step, shape, buffers.residual, buffers.vectors.get(gain)!, buffers.normed]
    return launch([kernel], bound, count => rmsNormGrid(count, variant, limit))
  }
  const postNorm = async (gain: VectorPart | undefined) => {
    if (gain === undefined) return []
    const kernel = rmsNormKernel('tokens', variant, true)
    const bound = [buffers.step, shape, buffers.normed, buffers.vectors.get(gain)!, buffers.residual]
    return [await launch([kernel], bound, count => rmsNormGrid(count, variant, limit))]
  }
  const product = (of: MatrixPart[], rows: NormRows, x: GPUBuffer, outPairs: number, epilogue: Epilogue, bound: GPUBuffer[]) =>
    Promise.all(
      of.map(one => {
        const { decoders, step } = one
        const tiles = tilesOf(variant)
        const kernels = tiles.map(tile => matMulKernel({ decoders, step, rows, tile, style, epilogue }))
        const all = [buffers.step, part(one, outPairs), buffers.parts.get(one)!, x, ...bound]
        const grid = (count: number) => matMulGrid(one.pairs, count, tileFor(variant, count), variant, limit)
        return launch(kernels, all, grid, count => tiles.indexOf(tileFor(variant, count)))
      })
    )
  const attention = (layer: number, window: number | undefined) => {
    const { attentionScale: factor, attentionSoftCap: softCap } = hyperparameters
    const kernel = attentionKernel(headDim, kv, style, { factor, softCap, windowed: window !== undefined })
    const bound = [
      buffers.step,
      shapes.get(window)!,
      buffers.queries,
      buffers.keys[layer]!,
      buffers.values[layer]!,
      buffers.attention
    ]
    return launch([kernel], bound, count => attentionGrid(count, heads, variant, limit))
  }

  /** Keys wait for their norm where the attention's output will be. */
  const plainKeys = buffers.attention
  const headNorm = async (layer: LayerTensors, index: number) => {
    if (layer.headNorms === undefined) return []
    const kernel = headNormKernel(headDim, kv, layer.rotation !== 'none', variant)
    const gains = buffers.vectors.get(layer.headNorms)!
    const bound = [buffers.step, shape, buffers.queries, plainKeys, buffers.keys[index]!, gains, ...rotationsOf(layer)]
    return [await launch([kernel], bound, count => headNormGrid(count, heads + kvHeads, variant, limit))]
  }
  const rotationsOf = ({ rotation }: LayerTensors) => (rotation === 'none' ? [] : [buffers.rotations.get(rotation)!])
  const qkv = (layer: LayerTensors, index: number) => {
    const headNorms = layer.headNorms !== undefined
    const facts = { rotates: layer.rotation !== 'none', biased: layer.biases !== undefined, headNorms }
    const kvBuffers = [shape, queries, headNorms ? plainKeys : buffers.keys[index]!, buffers.values[index]!]
    const bound = [...kvBuffers, ...(headNorms ? [] : rotationsOf(layer))]
    if (layer.biases !== undefined) bound.push(buffers.vectors.get(layer.biases)!)
    return product(matrices.layers[index]!.qkv, 'tokens', normed, 0, qkvEpilogue(headDim, kv, facts), bound)
  }
  /** A product that goes into the residual stream, through a norm (which reads it in place of the normed input, spent by then) or not. */
  const output = (of: MatrixPart[], x: GPUBuffer, normFollows: boolean) =>
    product(of, 'tokens', x, width / 2, normFollows ? keep : residualAdd(hyperparameters.residualScale), [
      normFollows ? normed : residual
    ])
  const gated = gateUp(hyperparameters.activation ?? 'silu')
  const { residual, normed, queries, activation, logits } = buffers
  // Nothing is awaited before all are asked for: pipelines compile in parallel.
  const layers = tensors.layers.map(async (layer, index): Promise<LayerProgram> => {
    const matrix = matrices.layers[index]!
    const [attentionNorm, qkvs, normedHeads, attend, attentionOutput, afterAttention, feedForwardNorm, gateUps, down, afterDown] =
      await Promise.all([
        norm('tokens', layer.attentionNorm),
        qkv(layer, index),
        headNorm(layer, index),
        attention(index, layer.window),
        output(matrix.attentionOutput, buffers.attention, layer.postAttentionNorm !== undefined),
        postNorm(layer.postAttentionNorm),
        norm('tokens', layer.feedForwardNorm),
        product(matrix.gateUp, 'tokens', normed, feedForward, gated, [activation]),
        output(matrix.down, activation, layer.postFeedForwardNorm !== undefined),
        postNorm(layer.postFeedForwardNorm)
      ])
    return {
      attentionNorm: [attentionNorm],
      qkv: qkvs,
      headNorm: normedHeads,
      attention: [attend],
      attentionOutput,
      postAttentionNorm: afterAttention,
      feedForwardNorm: [feedForwardNorm],
      gateUp: gateUps,
      down,
      postFeedForwardNorm: afterDown
    }
  })
  const embeds = matrices.embedding.map(one => {
    const kernel = embedKernel(one.decoders[0], hyperparameters.embeddingScale)
    const bound = [buffers.step, part(one, 0), buffers.parts.get(one)!, residual]
    return launch([kernel], bound, count => embedGrid(count, one.groups, limit))
  })
  const outputNorms = logits === undefined ? [] : [norm('head', tensors.outputNorm!)]
  const logitFacts = { factor: hyperparameters.logitScale, softCap: hyperparameters.logitSoftCap }
  const heading =
    logits === undefined ? [] : product(matrices.head, 'head', normed, logitPairs(hyperparameters), head(logitFacts), [logits])
  const [embed, outputNorm, headLaunches, layerPrograms] = await Promise.all([
    Promise.all(embeds),
    Promise.all(outputNorms),
    heading,
    Promise.all(layers)
  ])
  return { embed, layers: layerPrograms, outputNorm, head: headLaunches }
}

/** Half the length of a row of logits on the GPU: an odd vocabulary is padded by one. */
export function logitPairs({ vocabulary }: Hyperparameters): number {
  return Math.ceil(vocabulary / 2)
}

export function encodeLaunches(pass: GPUComputePassEncoder, launches: readonly Launch[], rows: number): void {
  for (const launch of launches) {
    pass.setPipeline(launch.pipeline(rows))
    pass.setBindGroup(0, launch.bindings)
    pass.dispatchWorkgroups(...launch.grid(rows))
  }
}

function uniform(owner: BufferOwner, write: (view: DataView) => void): GPUBuffer {
  const buffer = owner.take('uniform', UNIFORM_BYTES, BUFFER_USAGE.uniform, true)
  write(new DataView(buffer.getMappedRange()))
  buffer.unmap()
  return buffer
}
