/**
 * The GPU memory of a span: weights repacked from the tensor reader, KV pool, scratch. Taken once at load, all checked
 * before; on any failure everything taken is given back.
 */
import { GpuMemoryError, InvalidFileError, WeightsCorruptError } from '../errors.ts'
import type { Hyperparameters, TensorInfo, TensorReader } from '../model/types.ts'
import {
  HEAD_ROWS_PER_PASS,
  kvBlockBytes,
  kvBlocks,
  partsOf,
  rotationsOf,
  type SpanLimits,
  type SpanMatrices,
  scratchBytes,
  spanVectors
} from './budget.ts'
import type { EngineDevice } from './device.ts'
import { BUFFER_USAGE } from './gpu-usage.ts'
import { fillPart, type MatrixPart } from './matrix.ts'
import { type Rotation, ropeTable } from './rope.ts'
import type { SpanTensors } from './span-tensors.ts'
import { fillVector, type VectorPart, vectorElements } from './vectors.ts'

export interface LoadProgress {
  loadedBytes: number
  totalBytes: number
}

export interface SpanBuffers {
  parts: Map<MatrixPart, GPUBuffer>
  vectors: Map<VectorPart, GPUBuffer>
  /** Per layer. */
  keys: GPUBuffer[]
  values: GPUBuffer[]
  step: GPUBuffer
  residual: GPUBuffer
  normed: GPUBuffer
  queries: GPUBuffer
  attention: GPUBuffer
  activation: GPUBuffer
  /** By layers' rotation, those that any layer has. */
  rotations: Map<Rotation, GPUBuffer>
  logits: GPUBuffer | undefined
  readback: GPUBuffer
  /** Blocks of KV on their way to the CPU. */
  kvReadback: GPUBuffer
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

  /** @throws GpuMemoryError when the device cannot have a buffer that large; that it has no memory left, `verify` tells */
  take(label: string, size: number, usage: number, mapped = false): GPUBuffer {
    const refused = (cause?: unknown) => new GpuMemoryError(`The GPU has no room for ${label} (${size} bytes)`, {}, { cause })
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

  /** Resolves when all that was taken is known to be there. @throws GpuMemoryError */
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

/** @throws GpuMemoryError, InvalidFileError, WeightsCorruptError, whatever the reader throws, and the signal's reason */
export async function loadSpanBuffers(owner: BufferOwner, request: LoadRequest): Promise<SpanBuffers> {
  const { hyperparameters, tensors, matrices, limits } = request
  const blocks = kvBlocks(hyperparameters, limits)
  if (blocks < 1)
    throw new GpuMemoryError(`No KV block fits: ${limits.kvTokens} tokens asked for, ${limits.bindingLimit} bytes bindable`)
  const buffers = takeBuffers(owner, hyperparameters, limits, tensors, blocks)
  await owner.verify()
  await loadRotations(owner, buffers, request)
  await loadWeights(owner, buffers, matrices, request)
  await owner.verify()
  return buffers
}

function takeBuffers(
  owner: BufferOwner,
  hyperparameters: Hyperparameters,
  limits: SpanLimits,
  tensors: SpanTensors,
  blocks: number
): SpanBuffers {
  const bytes = scratchBytes(hyperparameters, limits, tensors)
  // The self-test reads what every kernel wrote, hence copySource on scratch; KV goes to and comes from other holders.
  const { storage, copySource, copyTarget, mapRead } = BUFFER_USAGE
  const perLayer = (label: string) =>
    Array.from({ length: tensors.layers.length }, (_, layer) =>
      owner.take(`${label} ${layer}`, blocks * kvBlockBytes(hyperparameters, limits.kv), storage | copySource | copyTarget)
    )
  return {
    parts: new Map(),
    vectors: new Map(),
    keys: perLayer('keys'),
    values: perLayer('values'),
    step: owner.take('step', bytes.step, storage | copyTarget),
    residual: owner.take('residual', bytes.residual, storage | copyTarget | copySource),
    normed: owner.take('normed', bytes.normed, storage | copySource),
    queries: owner.take('queries', bytes.queries, storage | copySource),
    attention: owner.take('attention', bytes.attention, storage | copySource),
    activation: owner.take('activation', bytes.activation, storage | copySource),
    rotations: new Map(),
    logits:
      tensors.head !== undefined ? owner.take(`logits × ${HEAD_ROWS_PER_PASS}`, bytes.logits, storage | copySource) : undefined,
    readback: owner.take('readback', bytes.readback, copyTarget | mapRead),
    kvReadback: owner.take('KV readback', bytes.kvReadback, copyTarget | mapRead),
    blocks
  }
}

async function loadRotations(owner: BufferOwner, buffers: SpanBuffers, request: LoadRequest): Promise<void> {
  const { hyperparameters, limits, tensors } = request
  const kinds = rotationsOf(tensors.layers)
  const info = tensors.ropeFactors
  const factors = info && vectorElements(info, await readTensor(request, info))
  if (factors?.some(factor => factor <= 0))
    throw new InvalidFileError(`Tensor ${info!.name} holds a factor that is not above zero`)
  const positions = scratchBytes(hyperparameters, limits, tensors).rotations / (kinds.length * hyperparameters.headDim * 4)
  for (const kind of kinds) {
    const table = ropeTable(hyperparameters, positions, kind, factors)
    const fill = (target: Uint8Array) => target.set(new Uint8Array(table.buffer))
    buffers.rotations.set(kind, owner.filled(`rotations ${kind}`, table.byteLength, fill))
  }
}

async function readTensor({ reader, signal, device }: LoadRequest, info: TensorInfo): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted()
  const bytes = await reader.read(info.name, signal)
  signal?.throwIfAborted()
  const failure = device.failure()
  if (failure !== undefined) throw failure
  if (bytes.length !== info.bytes)
    throw new WeightsCorruptError(`Tensor ${info.name} came with ${bytes.length} of ${info.bytes} bytes`)
  return bytes
}

async function loadWeights(
  owner: BufferOwner,
  buffers: SpanBuffers,
  matrices: SpanMatrices,
  request: LoadRequest
): Promise<void> {
  const vectors = spanVectors(request.tensors)
  const operations = [matrices.embedding, ...matrices.layers.flatMap(layer => Object.values(layer) as MatrixPart[][])]
  if (matrices.head !== matrices.embedding) operations.push(matrices.head)
  const totalBytes = [...partsOf(matrices), ...vectors].reduce((sum, part) => sum + part.bytes, 0)
  let loadedBytes = 0
  const loaded = (bytes: number) => {
    loadedBytes += bytes
    request.onProgress?.({ loadedBytes, totalBytes })
  }
  for (const part of vectors) {
    const sources = new Map<TensorInfo, Float32Array>()
    for (const { info } of part.sources) sources.set(info, vectorElements(info, await readTensor(request, info)))
    const fill = (target: Uint8Array<ArrayBuffer>) =>
      fillVector(part, info => sources.get(info)!, new Float32Array(target.buffer, target.byteOffset, part.bytes / 4))
    buffers.vectors.set(part, owner.filled(part.sources[0]!.info.name, part.bytes, fill))
    loaded(part.bytes)
  }
  // One operation's tensors are in memory at a time; a tensor is read once however many parts it is split into.
  for (const parts of operations) {
    const sources = new Map<string, Uint8Array>()
    const infos = parts.flatMap(part => part.planes.flatMap(plane => plane.ranges.map(range => range.operand.tensor.info)))
    for (const info of new Set(infos)) sources.set(info.name, await readTensor(request, info))
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
