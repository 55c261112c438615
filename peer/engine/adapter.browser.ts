/**
 * The WebGPU adapter of a page or a worker. The Node twin is adapter.ts; package.json's conditions choose.
 */
import { AdapterUnavailableError } from '../errors.ts'

export interface GpuRequest {
  powerPreference?: GPUPowerPreference
  /** Ask for a CPU implementation even where there is a GPU. */
  forceFallbackAdapter?: boolean
}

/** @throws AdapterUnavailableError that says what to do about it */
export async function requestGpu(options: GpuRequest = {}): Promise<GPUAdapter> {
  if (!globalThis.isSecureContext)
    throw new AdapterUnavailableError(
      'This page was opened over plain HTTP, and browsers offer WebGPU to HTTPS pages and localhost only'
    )
  // Typed as always there; browsers without WebGPU, and workers of some with it, lack it.
  const gpu = navigator.gpu as GPU | undefined
  if (gpu === undefined)
    throw new AdapterUnavailableError(
      'This browser has no WebGPU: use a current Chrome, Edge, Safari 26 or Firefox, or switch WebGPU on'
    )
  const adapter = await gpu.requestAdapter(options).catch((cause: unknown) => {
    throw new AdapterUnavailableError('The browser failed to open a GPU', {}, { cause })
  })
  if (adapter === null)
    throw new AdapterUnavailableError(
      'The browser has WebGPU but offers no adapter: hardware acceleration may be switched off, or the GPU or its driver is on the browser’s block list (see chrome://gpu)'
    )
  return adapter
}
