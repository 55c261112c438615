/**
 * Starts the engine worker for one span and hands out the engine behind it. The worker ends with the engine: GPU memory
 * goes back to the system even if the engine itself is stuck.
 */
import type { SpanEngine } from '../peer/engine/engine.ts'
import { connectEngine } from '../peer/engine/remote.ts'
import { errorFromCode, InternalError } from '../peer/errors.ts'
import type { DonatedEngine, LoadProgress } from '../peer/host/donate.ts'
import type { LoadReport, LoadRequest } from './engine-messages.ts'

/** How long the engine may take to close before its worker is ended all the same. */
const CLOSE_MS = 2_000

export interface StartEngineOptions extends Omit<LoadRequest, 'port'> {
  onProgress: (progress: LoadProgress) => void
  signal: AbortSignal
}

/** @throws whatever loading or testing throws in the worker, the signal's reason */
export async function startEngine(options: StartEngineOptions): Promise<DonatedEngine> {
  const { onProgress, signal, ...request } = options
  signal.throwIfAborted()
  const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module', name: 'engine' })
  const { port1: near, port2: far } = new MessageChannel()
  try {
    const rates = await loaded(worker, { ...request, port: far }, onProgress, signal)
    const gone = new AbortController()
    worker.onerror = () => gone.abort()
    const engine = await connectEngine(near, { signal: gone.signal })
    return { engine: endingWith(engine, worker), rates }
  } catch (error) {
    worker.terminate()
    near.close()
    throw error
  }
}

function loaded(
  worker: Worker,
  request: LoadRequest,
  onProgress: StartEngineOptions['onProgress'],
  signal: AbortSignal
): Promise<DonatedEngine['rates']> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    worker.onerror = event => reject(new InternalError(`The engine worker failed: ${event.message}`))
    worker.onmessage = ({ data }: MessageEvent<LoadReport>) => {
      if (data.type === 'progress') return onProgress(data.progress)
      signal.removeEventListener('abort', abort)
      if (data.type === 'ready') resolve(data.rates)
      else reject(errorFromCode(data.code, data.message))
    }
    worker.postMessage(request, [request.port])
  })
}

/** The same engine, whose close also ends its worker. */
function endingWith(engine: SpanEngine, worker: Worker): SpanEngine {
  return {
    shape: engine.shape,
    lost: engine.lost,
    kv: () => engine.kv(),
    reserve: tokens => engine.reserve(tokens),
    extend: (sequence, tokens) => engine.extend(sequence, tokens),
    release: sequence => engine.release(sequence),
    run: steps => engine.run(steps),
    logits: (sequence, row) => engine.logits(sequence, row),
    readKv: (sequence, from, to) => engine.readKv(sequence, from, to),
    writeKv: (sequence, from, bytes) => engine.writeKv(sequence, from, bytes),
    close: async () => {
      const late = new Promise(resolve => setTimeout(resolve, CLOSE_MS))
      await Promise.race([engine.close(), late]).finally(() => worker.terminate())
    }
  }
}
