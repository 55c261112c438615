/**
 * Vulkan drivers that compute on the CPU and may be installed without being the loader's choice: what a Node peer tries
 * before it gives up on an adapter.
 */
import { existsSync } from 'node:fs'

/** The loader's own variables, old and new; whoever sets one has chosen. */
const driverVariables = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES']

/** Mesa's lavapipe, then the SwiftShader that comes with Debian's Chromium. */
const softwareDrivers = ['/usr/share/vulkan/icd.d/lvp_icd.json', '/usr/lib/chromium/vk_swiftshader_icd.json']

/**
 * Tries `request` with the loader's own choice of driver, then with each software driver that is installed. The driver
 * that answered stays chosen for this process and its children.
 */
export async function tryDrivers(request: () => Promise<GPUAdapter | null>): Promise<GPUAdapter | null> {
  const adapter = await request()
  if (adapter !== null || process.platform !== 'linux' || driverVariables.some(name => process.env[name] !== undefined))
    return adapter
  for (const driver of softwareDrivers.filter(path => existsSync(path))) {
    process.env.VK_ICD_FILENAMES = driver
    const found = await request()
    if (found !== null) return found
  }
  delete process.env.VK_ICD_FILENAMES
  return null
}
