/**
 * The GPU memory of a span: weights repacked from the tensor reader, KV pool, scratch. Taken once at load, all checked
 * before; on any failure everything taken is given back.
 */
import { BusyError, InvalidFileError, WeightsCorruptError } from '../errors.ts'
import type { Hyperparameters, TensorInfo, TensorReader } from '../model/types.ts'
import {
  HEAD_ROWS_PER_PASS,
  kvBlockBytes,
  kvBlocks,
  partsOf,
  type SpanLimits,
  type SpanMatrices,
  scratchBytes
} from './budget.ts'
import type { EngineDevice } from './device.ts'
import { BUFFER_USAGE } from './gpu-usage.ts'
import { fillPart, type MatrixPart } from './matrix.ts'
import { ropeTable } from './rope.ts'
import type { SpanTensors } from './span-tensors.ts'

export interface LoadProgress {
  loadedBytes: number
  totalBytes: number
}

export interface SpanBuffers {
  parts: Map<MatrixPart, GPUBuffer>
  norms: Map<TensorInfo, GPUBuffer>
  /** Per layer. */
  keys: GPUBuffer[]
  values: GPUBuffer[]
  step: GPUBuffer
  residual: GPUBuffer
  normed: GPUBuffer
  queries: GPUBuffer
  attention: GPUBuffer
  activation: GPUBuffer
  rotations: GPUBuffer
  logits: GPUBuffer | undefined
  readback: GPUBuffer
  blocks: number
}

/** Takes buffers and remembers them, so that one call gives all back. */
export class BufferOwner {
  readonly #gpu: GPUDevice
  readonly #buffers: GPUBuffer[] = []
  readonly #checks: Promise<void>[] = []

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu
  }

  /** @throws BusyError when the device cannot have a buffer that large; that it has no memory left, `verify` tells */
  take(label: string, size: number, usage: number, mapped = false): GPUBuffer {
    const refused = (cause?: unknown) => new BusyError(`The GPU has no room for ${label} (${size} bytes)`, {}, { cause })
    if (size > this.#gpu.limits.maxBufferSize) throw refused()
    // Opened and closed at once, so that it catches nothing of what else runs on the device.
    this.#gpu.pushErrorScope('out-of-memory')
    try {
      const buffer = this.#gpu.createBuffer({ label, size, usage, mappedAtCreation: mapped })
      this.#buffers.push(buffer)
      return buffer
    } catch (cause) {
      throw refused(cause)
    } finally {
      const check = this.#gpu.popErrorScope().then(error => {
        if (error !== null) throw refused(error)
      })
      // Awaited by `verify`; until then a rejection is not unhandled.
      check.catch(() => undefined)
      this.#checks.push(check)
    }
  }

  /** Resolves when all that was taken is known to be there. @throws BusyError */
  async verify(): Promise<void> {
    await Promise.all(this.#checks.splice(0))
  }

  /** A storage buffer that `fill` writes; nothing is uploaded when it throws. */
  filled(label: string, size: number, fill: (bytes: Uint8Array<ArrayBuffer>) => void): GPUBuffer {
    const buffer = this.take(label, size, BUFFER_USAGE.storage, true)
    fill(new Uint8Array(buffer.getMappedRange()))
    buffer.unmap()
    return buffer
  }

  destroy(): void {
    for (const buffer of this.#buffers.splice(0)) buffer.destroy()
  }
}

export interface LoadRequest {
  device: EngineDevice
  hyperparameters: Hyperparameters
  tensors: SpanTensors
  matrices: SpanMatrices
  reader: TensorReader
  limits: SpanLimits
  signal: AbortSignal | undefined
  onProgress: ((progress: LoadProgress) => void) | undefined
}

/** @throws BusyError, InvalidFileError, WeightsCorruptError, whatever the reader throws, and the signal's reason */
export async function loadSpanBuffers(owner: BufferOwner, request: LoadRequest): Promise<SpanBuffers> {
  const { hyperparameters, tensors, matrices, limits } = request
  const heads = tensors.head !== undefined
  const blocks = kvBlocks(hyperparameters, limits)
  if (blocks < 1)
    throw new BusyError(`No KV block fits: ${limits.kvTokens} tokens asked for, ${limits.bindingLimit} bytes bindable`)
  const buffers = takeBuffers(owner, hyperparameters, limits, tensors.layers.length, heads, blocks)
  await owner.verify()
  await loadWeights(owner, buffers, matrices, request)
  await owner.verify()
  return buffers
}

function takeBuffers(
  owner: BufferOwner,
  hyperparameters: Hyperparameters,
  limits: SpanLimits,
  layers: number,
  heads: boolean,
  blocks: number
): SpanBuffers {
  const bytes = scratchBytes(hyperparameters, limits, heads)
  // The self-test reads what every kernel wrote, hence copySource on scratch and KV.
  const { storage, copySource, copyTarget, mapRead } = BUFFER_USAGE
  const perLayer = (label: string) =>
    Array.from({ length: layers }, (_, layer) =>
      owner.take(`${label} ${layer}`, blocks * kvBlockBytes(hyperparameters, limits.kv), storage | copySource)
    )
  const rotations = ropeTable(hyperparameters, bytes.rotations / (hyperparameters.headDim * 4))
  return {
    parts: new Map(),
    norms: new Map(),
    keys: perLayer('keys'),
    values: perLayer('values'),
    step: owner.take('step', bytes.step, storage | copyTarget),
    residual: owner.take('residual', bytes.residual, storage | copyTarget | copySource),
    normed: owner.take('normed', bytes.normed, storage | copySource),
    queries: owner.take('queries', bytes.queries, storage | copySource),
    attention: owner.take('attention', bytes.attention, storage | copySource),
    activation: owner.take('activation', bytes.activation, storage | copySource),
    rotations: owner.filled('rotations', bytes.rotations, target => target.set(new Uint8Array(rotations.buffer))),
    logits: heads ? owner.take(`logits × ${HEAD_ROWS_PER_PASS}`, bytes.logits, storage | copySource) : undefined,
    readback: owner.take('readback', bytes.readback, copyTarget | mapRead),
    blocks
  }
}

async function loadWeights(
  owner: BufferOwner,
  buffers: SpanBuffers,
  matrices: SpanMatrices,
  request: LoadRequest
): Promise<void> {
  const { tensors, reader, signal, onProgress, device } = request
  const norms = tensors.layers.flatMap(layer => [layer.attentionNorm, layer.feedForwardNorm])
  if (tensors.outputNorm !== undefined) norms.push(tensors.outputNorm)
  const operations = [matrices.embedding, ...matrices.layers.flatMap(layer => Object.values(layer) as MatrixPart[][])]
  if (matrices.head !== matrices.embedding) operations.push(matrices.head)
  const totalBytes =
    partsOf(matrices).reduce((sum, part) => sum + part.bytes, 0) + norms.reduce((sum, norm) => sum + norm.bytes, 0)
  let loadedBytes = 0
  const read = async (info: TensorInfo): Promise<Uint8Array<ArrayBuffer>> => {
    signal?.throwIfAborted()
    const bytes = await reader.read(info.name, signal)
    signal?.throwIfAborted()
    const failure = device.failure()
    if (failure !== undefined) throw failure
    if (bytes.length !== info.bytes)
      throw new WeightsCorruptError(`Tensor ${info.name} came with ${bytes.length} of ${info.bytes} bytes`)
    return bytes
  }
  const loaded = (bytes: number) => {
    loadedBytes += bytes
    onProgress?.({ loadedBytes, totalBytes })
  }
  for (const info of norms) {
    const bytes = await read(info)
    buffers.norms.set(
      info,
      owner.filled(info.name, info.bytes, target => target.set(bytes))
    )
    loaded(info.bytes)
  }
  // One operation's tensors are in memory at a time; a tensor is read once however many parts it is split into.
  for (const parts of operations) {
    const sources = new Map<string, Uint8Array>()
    const infos = parts.flatMap(part => part.planes.flatMap(plane => plane.ranges.map(range => range.operand.tensor.info)))
    for (const info of new Set(infos)) sources.set(info.name, await read(info))
    for (const part of parts) {
      const name = part.planes[0].ranges[0]!.operand.tensor.info.name
      buffers.parts.set(
        part,
        owner.filled(name, part.bytes, target => {
          const bad = fillPart(part, tensor => sources.get(tensor)!, target)
          if (bad !== undefined) throw new InvalidFileError(`Tensor ${bad} holds a NaN or an infinity`)
        })
      )
      loaded(part.bytes)
    }
  }
}
