/** Every benchmark by its name, in the order they run: a new one is a module beside these and a line here. */
import type { Bench } from './bench.ts'

/** Loaded when asked for, so that one needs nothing of what another needs. */
export const BENCHES: Record<string, () => Promise<Bench>> = {
  engine: async () => (await import('./engine/engine.ts')).engine,
  chain: async () => (await import('./chain/chain.ts')).chain,
  kernels: async () => (await import('./kernels/kernels.ts')).kernels,
  start: async () => (await import('./start/start.ts')).start,
  recovery: async () => (await import('./recovery.ts')).recovery,
  batch: async () => (await import('./batch/batch.ts')).batch,
  links: async () => (await import('./links/links.ts')).links,
  mixed: async () => (await import('./mixed/mixed.ts')).mixed,
  queue: async () => (await import('./queue/queue.ts')).queue,
  selector: async () => (await import('./selector/selector.ts')).selector,
  gpu: async () => (await import('./gpu/gpu.ts')).gpu
}

/** Run only when named: its parts run by themselves, too. */
export const ON_REQUEST: readonly string[] = ['gpu']
