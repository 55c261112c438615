/**
 * Loaded into a `shoal` process before it starts (node --import): SIGUSR2 takes its GPU device away, as a driver reset
 * does, and the device is gone before anything that was asked of it is done.
 */
import { globals } from 'webgpu'

const { prototype } = (globals as { GPUDevice: typeof GPUDevice }).GPUDevice
const create = prototype.createCommandEncoder
let latest: GPUDevice | undefined

prototype.createCommandEncoder = function (this: GPUDevice, ...args) {
  latest = this
  return create.apply(this, args)
}

process.on('SIGUSR2', () => latest?.destroy())
