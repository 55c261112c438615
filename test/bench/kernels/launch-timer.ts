/**
 * Milliseconds of GPU work per repetition: by timestamps where the device has them, else by the slope between R and 2R
 * repetitions in one submit, in which what a submit costs by itself cancels.
 */
import { BUFFER_USAGE, MAP_READ } from '../../../peer/engine/gpu-usage.ts'

/** Adds one repetition to a pass. */
export type Repetition = (pass: GPUComputePassEncoder) => void

/** Usage of a buffer that queries resolve into; https://www.w3.org/TR/webgpu/#namespacedef-gpubufferusage */
const QUERY_RESOLVE = 0x0200

/** Work that takes a submit so long is measured well beyond the clock's grain and a submit's own cost. */
const LEAST_MS = 15
const MOST_REPETITIONS = 4096

const TRIALS = 3

export class LaunchTimer {
  readonly #gpu: GPUDevice
  readonly #queries: { set: GPUQuerySet; resolved: GPUBuffer; readable: GPUBuffer } | undefined

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu
    const { copySource, copyTarget, mapRead } = BUFFER_USAGE
    this.#queries = gpu.features.has('timestamp-query')
      ? {
          set: gpu.createQuerySet({ type: 'timestamp', count: 2 }),
          resolved: gpu.createBuffer({ size: 16, usage: QUERY_RESOLVE | copySource }),
          readable: gpu.createBuffer({ size: 16, usage: copyTarget | mapRead })
        }
      : undefined
  }

  get method(): 'timestamps' | 'slope' {
    return this.#queries === undefined ? 'slope' : 'timestamps'
  }

  /** Repetitions that take long enough; compiles and warms up on the way. */
  async repetitionsFor(repetition: Repetition): Promise<number> {
    for (let count = 1; ; count *= 4) {
      const startedAt = performance.now()
      await this.#submit(repetition, count)
      const ms = performance.now() - startedAt
      if (ms >= LEAST_MS || count >= MOST_REPETITIONS)
        return Math.min(MOST_REPETITIONS, Math.max(1, Math.ceil((count * LEAST_MS) / ms)))
    }
  }

  /** Milliseconds of one repetition: the least of a few trials, since whatever else the machine does can only add. */
  async time(repetition: Repetition, count: number): Promise<number> {
    let least = Infinity
    for (let trial = 0; trial < TRIALS; trial++) least = Math.min(least, (await this.#trial(repetition, count)) / count)
    return least
  }

  /** Milliseconds of `count` repetitions. */
  async #trial(repetition: Repetition, count: number): Promise<number> {
    if (this.#queries !== undefined) return await this.#submit(repetition, count)
    const startedAt = performance.now()
    await this.#submit(repetition, count)
    const once = performance.now()
    await this.#submit(repetition, 2 * count)
    return performance.now() - once - (once - startedAt)
  }

  /** Milliseconds by the device's clock, 0 without one. */
  async #submit(repetition: Repetition, count: number): Promise<number> {
    const encoder = this.#gpu.createCommandEncoder()
    const queries = this.#queries
    const pass = encoder.beginComputePass(
      queries && { timestampWrites: { querySet: queries.set, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }
    )
    for (let index = 0; index < count; index++) repetition(pass)
    pass.end()
    if (queries !== undefined) {
      encoder.resolveQuerySet(queries.set, 0, 2, queries.resolved, 0)
      encoder.copyBufferToBuffer(queries.resolved, 0, queries.readable, 0, 16)
    }
    this.#gpu.queue.submit([encoder.finish()])
    if (queries === undefined) {
      await this.#gpu.queue.onSubmittedWorkDone()
      return 0
    }
    await queries.readable.mapAsync(MAP_READ)
    const [begin, end] = new BigUint64Array(queries.readable.getMappedRange().slice(0))
    queries.readable.unmap()
    return Number(end! - begin!) / 1e6
  }

  close(): void {
    this.#queries?.set.destroy()
    this.#queries?.resolved.destroy()
    this.#queries?.readable.destroy()
  }
}
