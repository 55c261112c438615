/**
 * The static plan of a span: which launches a step makes, with pipelines compiled and bind groups built once. Seven
 * launches a layer (norm, QKV, attention, output, norm, gate-up, down) plus one for each further part of a split matrix.
 */
import type { Hyperparameters, TensorInfo } from '../model/types.ts'
import { type SpanMatrices, UNIFORM_BYTES } from './budget.ts'
import { GROUP_ELEMENTS } from './decoders/decoder.ts'
import type { EngineDevice } from './device.ts'
import { BUFFER_USAGE } from './gpu-usage.ts'
import { attentionGrid, attentionKernel } from './kernels/attention.ts'
import { embedGrid, embedKernel } from './kernels/embed.ts'
import { gateUp, head, residualAdd } from './kernels/epilogues.ts'
import { type Epilogue, matMulGrid, matMulKernel, TILE_ROWS } from './kernels/mat-mul.ts'
import { qkvEpilogue } from './kernels/qkv.ts'
import { type NormRows, rmsNormGrid, rmsNormKernel } from './kernels/rms-norm.ts'
import type { Grid, KernelStyle, KvType } from './kernels/shared.ts'
import type { MatrixPart } from './matrix.ts'
import type { Kernel } from './pipelines.ts'
import type { BufferOwner, SpanBuffers } from './span-buffers.ts'
import type { SpanTensors } from './span-tensors.ts'

export interface Launch {
  name: string
  bindings: GPUBindGroup
  /** For one row, and for more. */
  single: GPUComputePipeline
  tiled: GPUComputePipeline
  /** Workgroups for `rows` tokens or head rows. */
  grid: (rows: number) => Grid
}

/** A layer's launches by what they compute, in order. */
export interface LayerProgram {
  attentionNorm: Launch[]
  qkv: Launch[]
  attention: Launch[]
  attentionOutput: Launch[]
  feedForwardNorm: Launch[]
  gateUp: Launch[]
  down: Launch[]
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
  const shape = uniform(owner, view => {
    view.setUint32(0, width, true)
    view.setUint32(4, heads, true)
    view.setUint32(8, kvHeads, true)
    view.setFloat32(12, hyperparameters.normEpsilon, true)
    view.setUint32(16, headDim / 4, true)
  })

  const launch = async (single: Kernel, tiled: Kernel, bound: readonly GPUBuffer[], grid: Launch['grid']): Promise<Launch> => {
    const [one, many] = await Promise.all([device.pipelines.compile(single), device.pipelines.compile(tiled)])
    return {
      name: tiled.name,
      bindings: device.gpu.createBindGroup({
        layout: device.pipelines.layout(tiled.bindings),
        entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } }))
      }),
      single: one,
      tiled: many,
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
  const norm = (rows: NormRows, gain: TensorInfo) => {
    const kernel = rmsNormKernel(rows, variant)
    const bound = [buffers.step, shape, buffers.residual, buffers.norms.get(gain)!, buffers.normed]
    return launch(kernel, kernel, bound, count => rmsNormGrid(count, variant, limit))
  }
  const product = (of: MatrixPart[], rows: NormRows, x: GPUBuffer, outPairs: number, epilogue: Epilogue, bound: GPUBuffer[]) =>
    Promise.all(
      of.map(one => {
        const kernel = (tile: number) => matMulKernel({ decoders: one.decoders, step: one.step, rows, tile, style, epilogue })
        const all = [buffers.step, part(one, outPairs), buffers.parts.get(one)!, x, ...bound]
        return launch(kernel(1), kernel(TILE_ROWS), all, count =>
          matMulGrid(one.pairs, count, count === 1 ? 1 : TILE_ROWS, variant, limit)
        )
      })
    )
  const attention = (layer: number) => {
    const kernel = attentionKernel(headDim, kv, style)
    const bound = [buffers.step, shape, buffers.queries, buffers.keys[layer]!, buffers.values[layer]!, buffers.attention]
    return launch(kernel, kernel, bound, count => attentionGrid(count, heads, variant, limit))
  }

  const qkv = qkvEpilogue(headDim, kv)
  const { residual, normed, queries, activation, rotations, logits } = buffers
  // Nothing is awaited before all are asked for: pipelines compile in parallel.
  const layers = tensors.layers.map(async (layer, index): Promise<LayerProgram> => {
    const matrix = matrices.layers[index]!
    const kvBuffers = [shape, queries, buffers.keys[index]!, buffers.values[index]!, rotations]
    const [attentionNorm, qkvs, attend, attentionOutput, feedForwardNorm, gateUps, down] = await Promise.all([
      norm('tokens', layer.attentionNorm),
      product(matrix.qkv, 'tokens', normed, 0, qkv, kvBuffers),
      attention(index),
      product(matrix.attentionOutput, 'tokens', buffers.attention, width / 2, residualAdd, [residual]),
      norm('tokens', layer.feedForwardNorm),
      product(matrix.gateUp, 'tokens', normed, feedForward, gateUp, [activation]),
      product(matrix.down, 'tokens', activation, width / 2, residualAdd, [residual])
    ])
    return {
      attentionNorm: [attentionNorm],
      qkv: qkvs,
      attention: [attend],
      attentionOutput,
      feedForwardNorm: [feedForwardNorm],
      gateUp: gateUps,
      down
    }
  })
  const embeds = matrices.embedding.map(one => {
    const kernel = embedKernel(one.decoders[0])
    const bound = [buffers.step, part(one, 0), buffers.parts.get(one)!, residual]
    return launch(kernel, kernel, bound, count => embedGrid(count, one.groups, limit))
  })
  const outputNorms = logits === undefined ? [] : [norm('head', tensors.outputNorm!)]
  const heading = logits === undefined ? [] : product(matrices.head, 'head', normed, logitPairs(hyperparameters), head, [logits])
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
    pass.setPipeline(rows === 1 ? launch.single : launch.tiled)
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
