/** Which form of the kernels an adapter gets by default. */
import type { EngineDevice } from './device.ts'
import type { KernelStyle, KernelVariant } from './kernels/shared.ts'

/** Kernels with barriers are 5 to 30 times slower than one row a thread on adapters that run on the CPU, the reverse on GPUs. */
export function styleFor(device: EngineDevice, variant?: KernelVariant): KernelStyle {
  const software = device.adapter.kind === 'software'
  return { variant: variant ?? (software ? 'rows' : 'workgroup'), rolled: software }
}
