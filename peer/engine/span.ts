/**
 * The WebGPU engine: loads a span of a model and runs steps through it. Everything a step needs is built at load; a step
 * is one upload, one submit and one read of the span's output.
 */
import {
  ContextLengthError,
  DeviceLostError,
  InvalidRequestError,
  NonFiniteError,
  toShoalError,
  UnknownSessionError
} from '../errors.ts'
import type { Hyperparameters, Span, TensorReader } from '../model/types.ts'
import { HEAD_ROWS_PER_PASS, partsOf, planMatrices, type SpanLimits } from './budget.ts'
import type { EngineDevice } from './device.ts'
import type { EngineShape, HeadRow, KvState, SequenceId, SequenceOutput, SequenceStep, SpanEngine } from './engine.ts'
import { MAP_READ } from './gpu-usage.ts'
import { firstNonFinite, headRow } from './head-row.ts'
import { KeptLogits } from './kept-logits.ts'
import type { KernelVariant, KvType } from './kernels/shared.ts'
import { TOKENS_PER_BLOCK } from './kernels/shared.ts'
import { KvPool } from './kv-pool.ts'
import {
  copyBlocks,
  firstNonFiniteKv,
  type KvShape,
  kvPositionBytes,
  kvRuns,
  kvShape,
  rowsOfBlocks,
  writeRows
} from './kv-rows.ts'
import { Serial } from './serial.ts'
import { BufferOwner, type LoadProgress, loadSpanBuffers, type SpanBuffers } from './span-buffers.ts'
import { buildProgram, encodeLaunches, type Launch, launchesOf, logitPairs } from './span-program.ts'
import { planSpanTensors } from './span-tensors.ts'
import { packStep } from './step-buffer.ts'
import { type CheckedStep, checkSteps } from './step-check.ts'
import { styleFor } from './style.ts'
import { buildTunedProgram, type TuningMemory, type TuningReport } from './tuned-program.ts'

/** Raised whenever a change makes outputs differ in more than rounding: part of the numerics class. */
const KERNEL_VERSION = 1

export interface SpanEngineOptions {
  device: EngineDevice
  hyperparameters: Hyperparameters
  span: Span
  tensors: TensorReader
  /** KV positions shared by all sequences; cut to what one binding of the adapter holds. */
  kvTokens: number
  /** Default 64: larger prefill chunks gain little and hold up other sessions' decode. */
  maxBatchTokens?: number
  /** Sequences that may hold KV at a time; default 64. */
  maxSequences?: number
  /** Default f16. */
  kv?: KvType
  /** Default by the adapter: see style.ts. */
  variant?: KernelVariant
  /** Variants to choose from where no `variant` is set, the default first; default: that alone. Each must have passed selfTest here. */
  candidates?: readonly KernelVariant[]
  tuningMemory?: TuningMemory
  onTuned?: (report: TuningReport) => void
  signal?: AbortSignal
  onProgress?: (progress: LoadProgress) => void
}

/**
 * Loads a span. The device may serve several engines; closing an engine leaves it open.
 * @throws UnsupportedModelError, InvalidFileError, WeightsCorruptError naming the tensor; GpuMemoryError when memory does not suffice;
 * what the reader throws; the signal's reason
 */
export async function createSpanEngine(options: SpanEngineOptions): Promise<SpanEngine> {
  const { device, hyperparameters, span, tensors: reader, maxBatchTokens = 64, maxSequences = 64, kv = 'f16', signal } = options
  for (const [name, value] of Object.entries({ kvTokens: options.kvTokens, maxBatchTokens, maxSequences }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InvalidRequestError(`${name} is ${value}, not a positive integer`, { param: name })
  const failure = device.failure()
  if (failure !== undefined) throw failure
  const style = styleFor(device, options.variant)
  const limits: SpanLimits = { kvTokens: options.kvTokens, maxBatchTokens, kv, bindingLimit: device.bindingLimit }
  const tensors = planSpanTensors(hyperparameters, span, reader)
  const matrices = planMatrices(hyperparameters, tensors, limits.bindingLimit)
  const owner = new BufferOwner(device.gpu)
  try {
    const { onProgress } = options
    const buffers = await loadSpanBuffers(owner, {
      device,
      hyperparameters,
      tensors,
      matrices,
      reader,
      limits,
      signal,
      onProgress
    })
    const request = { device, hyperparameters, tensors, matrices, buffers, kv, style }
    const { candidates = [style.variant], tuningMemory: memory, onTuned } = options
    const program =
      options.variant === undefined && candidates.length > 1
        ? await buildTunedProgram(owner, request, { candidates, maxBatchTokens, memory, onTuned, signal })
        : await buildProgram(owner, request)
    await owner.verify()
    signal?.throwIfAborted()
    const types = [...new Set(partsOf(matrices).flatMap(part => part.decoders.map(decoder => decoder.type)))].sort()
    const kvRows = kvShape(hyperparameters, tensors.layers.length, kv)
    const shape: EngineShape = {
      span: { ...span },
      width: hyperparameters.width,
      vocabulary: hyperparameters.vocabulary,
      contextLength: hyperparameters.contextLength,
      embeds: tensors.embedding !== undefined,
      heads: tensors.head !== undefined,
      maxBatchTokens,
      numerics: `kv=${kv},w=${types.join('+')},k=${KERNEL_VERSION}`,
      kvPositionBytes: kvPositionBytes(kvRows)
    }
    return new WebGpuSpan(
      device,
      owner,
      buffers,
      launchesOf(program),
      shape,
      new KvPool(buffers.blocks, maxSequences),
      { kv, ...kvRows },
      logitPairs(hyperparameters) * 2
    )
  } catch (error) {
    owner.destroy()
    throw device.failure() ?? error
  }
}

class WebGpuSpan implements SpanEngine {
  readonly shape: EngineShape
  readonly lost: Promise<DeviceLostError>
  readonly #device: EngineDevice
  readonly #owner: BufferOwner
  readonly #buffers: SpanBuffers
  readonly #launches: { tokens: Launch[]; head: Launch[] }
  readonly #pool: KvPool
  readonly #kvShape: KvShape & { kv: KvType }
  /** Values of a row of logits on the GPU. */
  readonly #logitStride: number
  readonly #kept = new KeptLogits()
  readonly #serial = new Serial()
  /** Reads of KV, which share a buffer, and run beside steps but for the copy itself. */
  readonly #kvReads = new Serial()
  #closed = false

  constructor(
    device: EngineDevice,
    owner: BufferOwner,
    buffers: SpanBuffers,
    launches: { tokens: Launch[]; head: Launch[] },
    shape: EngineShape,
    pool: KvPool,
    kvShape: KvShape & { kv: KvType },
    logitStride: number
  ) {
    this.#device = device
    this.#owner = owner
    this.#buffers = buffers
    this.#launches = launches
    this.shape = shape
    this.#pool = pool
    this.#kvShape = kvShape
    this.#logitStride = logitStride
    this.lost = device.lost
  }

  kv(): KvState {
    return this.#pool.state()
  }

  reserve(tokens: number): Promise<SequenceId> {
    return this.#serial.run(() => {
      this.#alive()
      this.#assertWithinContext(tokens)
      return this.#pool.reserve(tokens)
    })
  }

  extend(sequence: SequenceId, tokens: number): Promise<void> {
    return this.#serial.run(() => {
      this.#alive()
      this.#assertWithinContext(tokens)
      this.#pool.extend(sequence, tokens)
    })
  }

  release(sequence: SequenceId): Promise<void> {
    return this.#serial.run(() => {
      this.#pool.release(sequence)
      this.#kept.delete(sequence)
    })
  }

  run(steps: readonly SequenceStep[]): Promise<SequenceOutput[]> {
    return this.#serial.run(async () => {
      this.#alive()
      const checked = checkSteps(steps, this.shape, this.#pool)
      if (checked.length === 0) return []
      try {
        return await this.#run(checked)
      } catch (error) {
        // What the step wrote is not to be built on; the same step may be run again.
        for (const { step } of checked) this.#pool.get(step.sequence).written = step.position
        const failure = this.#device.failure()
        if (failure !== undefined) throw failure
        throw error instanceof DOMException ? this.#device.condemn(`failed a step: ${error.message}`) : toShoalError(error)
      }
    })
  }

  logits(sequence: SequenceId, row: number): Promise<Float32Array> {
    return this.#serial.run(() => {
      const kept = this.#kept.get(sequence, row)
      if (kept === undefined) throw new UnknownSessionError(`No row ${row} of logits is kept for sequence ${sequence}`)
      return kept.slice()
    })
  }

  readKv(sequence: SequenceId, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#kvReads.run(async () => {
      const { kvReadback } = this.#buffers
      const { runs, bytes } = await this.#serial.run(() => {
        this.#alive()
        const { blocks } = this.#pool.written(sequence, from, to)
        if (to - from > this.shape.maxBatchTokens)
          throw new InvalidRequestError(`${to - from} positions of KV at once, at most ${this.shape.maxBatchTokens}`, {
            param: 'to'
          })
        const { gpu } = this.#device
        const runs = kvRuns(blocks, from, to)
        const encoder = gpu.createCommandEncoder()
        const bytes = copyBlocks(encoder, this.#kvBuffers(), this.#kvShape, runs, kvReadback)
        gpu.queue.submit([encoder.finish()])
        return { runs, bytes }
      })
      try {
        await kvReadback.mapAsync(MAP_READ, 0, bytes)
        const rows = rowsOfBlocks(this.#kvShape, runs, new Uint8Array(kvReadback.getMappedRange(0, bytes)))
        kvReadback.unmap()
        this.#alive()
        return rows
      } catch (error) {
        throw this.#device.failure() ?? new DeviceLostError(`The GPU gave no KV: ${toShoalError(error).message}`)
      }
    })
  }

  writeKv(sequence: SequenceId, from: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#serial.run(() => {
      this.#alive()
      const { kvPositionBytes: each, contextLength } = this.shape
      const count = bytes.length / each
      if (!Number.isInteger(count) || count < 1 || from + count > contextLength)
        throw new InvalidRequestError(`${bytes.length} bytes of KV at ${from}: ${each} a position, ${contextLength} at most`, {
          param: 'bytes'
        })
      // Checks that the positions follow on what is written and have room.
      this.#pool.slots(sequence, from, count)
      const { kv } = this.#kvShape
      // Copied, since bytes off the wire lie at any offset.
      const rows = new Uint8Array(bytes)
      const bad = firstNonFiniteKv(rows, kv)
      if (bad >= 0) throw new NonFiniteError(`KV of ${count} positions from ${from} on: value ${bad} is not finite`)
      const held = this.#pool.get(sequence)
      writeRows(this.#device.gpu.queue, this.#kvBuffers(), this.#kvShape, kvRuns(held.blocks, from, from + count), rows)
      held.written = from + count
    })
  }

  close(): Promise<void> {
    return this.#serial.run(() => {
      this.#closed = true
      this.#kept.clear()
      this.#owner.destroy()
    })
  }

  #assertWithinContext(tokens: number): void {
    if (tokens > this.shape.contextLength)
      throw new ContextLengthError(`${tokens} positions asked for, the model has ${this.shape.contextLength}`)
  }

  #alive(): void {
    const failure = this.#device.failure()
    if (failure !== undefined) throw failure
    if (this.#closed) throw new DeviceLostError('The span was closed')
  }

  /** Per layer its keys, then its values. */
  #kvBuffers(): GPUBuffer[] {
    const { keys, values } = this.#buffers
    return keys.flatMap((buffer, layer) => [buffer, values[layer]!])
  }

  async #run(checked: CheckedStep[]): Promise<SequenceOutput[]> {
    const { heads } = this.shape
    const tokens = checked.reduce((sum, { count }) => sum + count, 0)
    // Rows of the batch that get a head row: the last ones of each step.
    const headRows = heads
      ? checked.flatMap(({ step, firstRow, count }) => range(firstRow + count - step.head.rows, step.head.rows))
      : []
    const packed = checked.map(({ step, count, slots }) => ({
      tokens: 'tokens' in step.input ? step.input.tokens : undefined,
      position: step.position,
      slots,
      blocks: this.#pool.get(step.sequence).blocks.slice(0, Math.ceil((step.position + count) / TOKENS_PER_BLOCK))
    }))
    const { queue } = this.#device.gpu
    const { width } = this.shape
    const uploadHidden = () => {
      for (const { step, firstRow } of checked)
        if ('hidden' in step.input) {
          const { buffer, byteOffset, byteLength } = step.input.hidden
          queue.writeBuffer(this.#buffers.residual, firstRow * width * 4, buffer, byteOffset, byteLength)
        }
    }
    const passes = Math.max(1, Math.ceil(headRows.length / HEAD_ROWS_PER_PASS))
    const rows: Float32Array[] = []
    let hidden = new Float32Array(0)
    for (let pass = 0; pass < passes; pass++) {
      const passRows = headRows.slice(pass * HEAD_ROWS_PER_PASS, (pass + 1) * HEAD_ROWS_PER_PASS)
      const upload = () => {
        if (pass === 0) uploadHidden()
        queue.writeBuffer(this.#buffers.step, 0, packStep(packed, passRows))
      }
      const result = await this.#submit(upload, pass === 0 ? tokens : 0, passRows.length, heads ? 0 : tokens)
      if (heads)
        for (let row = 0; row < passRows.length; row++)
          rows.push(result.slice(row * this.#logitStride, row * this.#logitStride + this.shape.vocabulary))
      else hidden = result
    }
    return heads ? this.#headOutputs(checked, rows) : this.#hiddenOutputs(checked, hidden)
  }

  /**
   * One submit: the layers over `tokens` rows, the head over `headRows`; resolves with the logits or `hiddenRows` hidden
   * states once the device has reported no error for it: what a failed submit leaves in the buffer looks like an answer.
   */
  async #submit(upload: () => void, tokens: number, headRows: number, hiddenRows: number): Promise<Float32Array<ArrayBuffer>> {
    const { gpu } = this.#device
    const { readback, residual, logits } = this.#buffers
    const bytes = headRows > 0 ? headRows * this.#logitStride * 4 : hiddenRows * this.shape.width * 4
    const checked = this.#device.checked(() => {
      upload()
      const encoder = gpu.createCommandEncoder()
      const pass = encoder.beginComputePass()
      if (tokens > 0) encodeLaunches(pass, this.#launches.tokens, tokens)
      if (headRows > 0) encodeLaunches(pass, this.#launches.head, headRows)
      pass.end()
      if (bytes > 0) encoder.copyBufferToBuffer(headRows > 0 ? logits! : residual, 0, readback, 0, bytes)
      gpu.queue.submit([encoder.finish()])
    })
    if (bytes === 0) {
      await Promise.all([checked, gpu.queue.onSubmittedWorkDone()])
      this.#alive()
      return new Float32Array(0)
    }
    await Promise.all([checked, readback.mapAsync(MAP_READ, 0, bytes)])
    const values = new Float32Array(readback.getMappedRange(0, bytes).slice(0))
    readback.unmap()
    this.#alive()
    return values
  }

  #hiddenOutputs(checked: CheckedStep[], hidden: Float32Array): SequenceOutput[] {
    const { width } = this.shape
    return checked.map(({ step, firstRow, count }) => {
      const values = hidden.slice(firstRow * width, (firstRow + count) * width)
      const bad = firstNonFinite(values)
      if (bad >= 0)
        throw new NonFiniteError(
          `Sequence ${step.sequence}, position ${step.position + Math.floor(bad / width)}: the span's output holds ${values[bad]}`
        )
      this.#pool.get(step.sequence).written = step.position + count
      return { hidden: values }
    })
  }

  #headOutputs(checked: CheckedStep[], logits: Float32Array[]): SequenceOutput[] {
    let at = 0
    return checked.map(({ step, count }) => {
      const kept = logits.slice(at, at + step.head.rows)
      at += kept.length
      const rows: HeadRow[] = kept.map(row => headRow(row, step.head))
      this.#pool.get(step.sequence).written = step.position + count
      if (kept.length > 0) this.#kept.set(step.sequence, kept)
      return { rows }
    })
  }
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}
