/** The launches of a model's whole span by what they compute, with the bytes they read and operations they do. */
import { kvBlocks, planMatrices, type SpanMatrices } from '../../../peer/engine/budget.ts'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import { type KernelVariant, TOKENS_PER_BLOCK } from '../../../peer/engine/kernels/shared.ts'
import { BufferOwner, loadSpanBuffers } from '../../../peer/engine/span-buffers.ts'
import { buildProgram, encodeLaunches, type Launch, type LayerProgram, launchesOf } from '../../../peer/engine/span-program.ts'
import { planSpanTensors } from '../../../peer/engine/span-tensors.ts'
import { packStep } from '../../../peer/engine/step-buffer.ts'
import { styleFor } from '../../../peer/engine/style.ts'
import { readModel } from '../../unit/engine/psalter.ts'
import type { BenchModel } from '../models.ts'
import type { Repetition } from './launch-timer.ts'

export interface KernelWork {
  /** What it computes. */
  name: string
  /** Once through all layers, so that a layer's weights have left the caches when their turn comes again. */
  repetition: Repetition
  launches: number
  /** Of one repetition: weights and KV read, multiplications and additions done. 0 where neither says much. */
  bytes: number
  operations: number
  /** Of one launch's weights. */
  weightBytes: number
}

export interface SpanLaunches {
  /** The kernels one by one, then the whole step, for `rows` tokens at `position`. */
  works: (rows: number, position: number) => KernelWork[]
  close: () => void
}

const MAX_ROWS = 64

export async function openSpanLaunches(
  device: EngineDevice,
  model: BenchModel,
  variant: KernelVariant,
  positions: number,
  signal: AbortSignal
): Promise<SpanLaunches> {
  const { hyperparameters, reader } = await readModel(model.path)
  const limits = { kvTokens: positions, maxBatchTokens: MAX_ROWS, kv: 'f16', bindingLimit: device.bindingLimit } as const
  const tensors = planSpanTensors(hyperparameters, { first: 0, end: hyperparameters.layers }, reader)
  const matrices = planMatrices(hyperparameters, tensors, device.bindingLimit)
  const owner = new BufferOwner(device.gpu)
  try {
    const request = { device, hyperparameters, tensors, matrices, reader, limits, signal, onProgress: undefined }
    const buffers = await loadSpanBuffers(owner, request)
    const style = styleFor(device, variant)
    const program = await buildProgram(owner, { device, hyperparameters, tensors, matrices, buffers, kv: limits.kv, style })
    await owner.verify()
    const setStep = (rows: number, position: number) => {
      const slots = Array.from({ length: rows }, (_, index) => position + index)
      const blocks = Array.from({ length: Math.ceil((position + rows) / TOKENS_PER_BLOCK) }, (_, index) => index)
      device.gpu.queue.writeBuffer(
        buffers.step,
        0,
        packStep([{ tokens: new Uint32Array(rows), position, slots, blocks }], [rows - 1])
      )
    }
    const { heads, kvHeads, headDim } = hyperparameters
    const attentionOf = (rows: number, position: number) => {
      const seen = rows * (position + (rows + 1) / 2)
      return { bytes: 2 * seen * kvHeads * headDim * 2, operations: 4 * seen * heads * headDim }
    }
    return {
      works: (rows, position) => {
        if (position + rows > kvBlocks(hyperparameters, limits) * TOKENS_PER_BLOCK)
          throw new RangeError(`no KV for ${position + rows}`)
        setStep(rows, position)
        const kinds = Object.keys(program.layers[0]!) as (keyof LayerProgram)[]
        const layered = kinds.map((kind): KernelWork => {
          const launches = program.layers.flatMap(layer => layer[kind])
          const parts = kind in matrices.layers[0]! ? matrices.layers.flatMap(layer => layer[kind as keyof typeof layer]) : []
          const attention = kind === 'attention' ? attentionOf(rows, position) : { bytes: 0, operations: 0 }
          return work(kind, launches, parts, rows, attention, hyperparameters.layers)
        })
        const { tokens, head } = launchesOf(program)
        const last = work('head', program.head, matrices.head, 1)
        const all = work(
          'whole step',
          [...tokens, ...head],
          allParts(matrices),
          rows,
          attentionOf(rows, position),
          hyperparameters.layers
        )
        // The head computes one row whatever the step's.
        all.operations -= (rows - 1) * last.operations
        all.repetition = pass => {
          encodeLaunches(pass, tokens, rows)
          encodeLaunches(pass, head, 1)
        }
        return [...layered, last, all].filter(({ launches }) => launches > 0)
      },
      close: () => owner.destroy()
    }
  } catch (error) {
    owner.destroy()
    throw error
  }
}

const allParts = ({ layers, head }: SpanMatrices) => [...layers.flatMap(layer => Object.values(layer).flat()), ...head]

function work(
  name: string,
  launches: readonly Launch[],
  parts: SpanMatrices['head'],
  rows: number,
  attention = { bytes: 0, operations: 0 },
  layers = 1
): KernelWork {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  const weights = parts.reduce((sum, part) => sum + part.pairs * 2 * part.groups * 32, 0)
  return {
    name,
    repetition: pass => encodeLaunches(pass, launches, rows),
    launches: launches.length,
    bytes: bytes + attention.bytes * layers,
    operations: 2 * weights * rows + attention.operations * layers,
    weightBytes: parts.length === 0 ? 0 : bytes / parts.length
  }
}
