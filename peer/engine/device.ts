/**
 * A GPU device opened for the engine: largest limits the adapter has, optional features where there, and one promise
 * that tells when it must no longer be trusted. Spans loaded on it share its compiled kernels.
 */
import { AdapterUnavailableError, DeviceLostError } from '../errors.ts'
import { type AdapterDescription, describeAdapter } from './adapter-description.ts'
import { PipelineCache } from './pipelines.ts'

export interface EngineDevice {
  readonly gpu: GPUDevice
  readonly adapter: AdapterDescription
  readonly pipelines: PipelineCache
  /** Most bytes of one buffer that a kernel can see. */
  readonly bindingLimit: number
  /** Most workgroups along one dimension of a grid. */
  readonly gridLimit: number
  /** Resolves when the device is lost or reports an error nobody expected; never on close. */
  readonly lost: Promise<DeviceLostError>
  /** What `lost` resolved with. */
  failure: () => DeviceLostError | undefined
  /** Nothing that the device computes is to be trusted from now on, and `lost` says so. */
  condemn: (why: string) => DeviceLostError
  /**
   * Runs `work`, which must be over when it returns, and resolves when the device has reported no error of it. An error
   * that nobody waits for may be told only after the results that it spoiled.
   * @throws DeviceLostError, having condemned the device
   */
  checked: (work: () => void) => Promise<void>
  close: () => void
}

export interface DeviceOptions {
  /** Bytes; lower than the adapter's, to try how tensors split. */
  bindingLimit?: number
  /** Workgroups; lower than the adapter's, to try how grids fold. */
  gridLimit?: number
}

/** Every kind of error a device can report. */
const errorFilters: GPUErrorFilter[] = ['validation', 'out-of-memory', 'internal']

const optionalFeatures: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query']

/** @throws AdapterUnavailableError when the adapter refuses a device */
export async function openDevice(adapter: GPUAdapter, options: DeviceOptions = {}): Promise<EngineDevice> {
  const description = describeAdapter(adapter)
  const gpu = await adapter
    .requestDevice({
      requiredFeatures: optionalFeatures.filter(feature => adapter.features.has(feature)),
      requiredLimits: {
        maxBufferSize: adapter.limits.maxBufferSize,
        maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize
      }
    })
    .catch((cause: unknown) => {
      throw new AdapterUnavailableError(`${description.name} refused a device`, {}, { cause })
    })
  let closed = false
  let failure: DeviceLostError | undefined
  const { promise: lost, resolve } = Promise.withResolvers<DeviceLostError>()
  const fail = (message: string): DeviceLostError => {
    if (failure !== undefined) return failure
    const error = new DeviceLostError(message)
    if (closed) return error
    failure = error
    resolve(error)
    return error
  }
  const checked = async (work: () => void) => {
    for (const filter of errorFilters) gpu.pushErrorScope(filter)
    let reports: Promise<GPUError | null>[] = []
    try {
      work()
    } finally {
      // A lost device reports nothing here: `lost` does, and whatever waits for its results fails.
      reports = errorFilters.map(() => gpu.popErrorScope().catch(() => null))
    }
    const error = (await Promise.all(reports)).find(report => report !== null)
    if (error !== undefined) throw fail(`${description.name} failed a step: ${error.message}`)
    if (failure !== undefined) throw failure
  }
  void gpu.lost.then(info => fail(`${description.name} was lost (${info.reason}): ${info.message}`))
  gpu.addEventListener('uncapturederror', event => fail(`${description.name} reported an error: ${event.error.message}`))
  return {
    gpu,
    adapter: description,
    pipelines: new PipelineCache(gpu),
    bindingLimit: Math.min(options.bindingLimit ?? Infinity, gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize),
    gridLimit: Math.min(options.gridLimit ?? Infinity, gpu.limits.maxComputeWorkgroupsPerDimension),
    lost,
    failure: () => failure,
    condemn: why => fail(`${description.name} ${why}`),
    checked,
    close: () => {
      closed = true
      gpu.destroy()
    }
  }
}
