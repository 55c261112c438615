/**
 * The WebGPU adapter of a Node process, through the `webgpu` package (Dawn). The page's twin is adapter.browser.ts;
 * package.json's conditions choose.
 */
import { AdapterUnavailableError } from '../errors.ts'
import { tryDrivers } from './vulkan-drivers.ts'

export interface GpuRequest {
  powerPreference?: GPUPowerPreference
  /** Ask for a CPU implementation even where there is a GPU. */
  forceFallbackAdapter?: boolean
}

/**
 * For the life of the process: adapters and devices crash when the instance they came from is collected. One, but for requests
 * at the same time before there is any.
 */
const instances: GPU[] = []

const advice =
  'Shoal needs a Vulkan driver (Metal on macOS, Direct3D 12 on Windows). On a machine without a GPU install Mesa’s software driver: ' +
  'Debian 12’s own is too old, take mesa-vulkan-drivers from bookworm-backports; if several drivers are installed, point ' +
  'VK_ICD_FILENAMES at the one to use, e.g. /usr/share/vulkan/icd.d/lvp_icd.json'

/** @throws AdapterUnavailableError that says what to install */
export async function requestGpu(options: GpuRequest = {}): Promise<GPUAdapter> {
  const adapter = await tryDrivers(async () => {
    const gpu = await openInstance()
    const found = await gpu.requestAdapter(options).catch(() => null)
    // Kept only where it answered: another driver needs another instance.
    if (found !== null && !instances.includes(gpu)) instances.push(gpu)
    return found
  })
  if (adapter === null) throw new AdapterUnavailableError(`No WebGPU adapter. ${advice}`)
  return adapter
}

async function openInstance(): Promise<GPU> {
  if (instances[0] !== undefined) return instances[0]
  try {
    const { create } = await import('webgpu')
    return create([])
  } catch (cause) {
    throw new AdapterUnavailableError(
      `The webgpu package has no usable build for ${process.platform}-${process.arch}. ${advice}`,
      {},
      { cause }
    )
  }
}
