/** `gpu`: `engine` and `kernels` for a machine with a real GPU; refuses software adapters, whose figures say nothing of one. */
import { requestGpu } from '../../../peer/engine/adapter.ts'
import { describeAdapter } from '../../../peer/engine/adapter-description.ts'
import type { Bench } from '../bench.ts'
import { measureEngine } from '../engine/engine.ts'
import { kernels } from '../kernels/kernels.ts'

export const gpu: Bench = {
  name: 'gpu',
  run: async context => {
    const adapter = await requestGpu({ powerPreference: 'high-performance' })
    const { vendor, architecture, device, description } = adapter.info
    context.log(`adapter ${JSON.stringify({ vendor, architecture, device, description })}`)
    context.log(`features ${[...adapter.features].sort().join(', ')}`)
    const { kind, name, features } = describeAdapter(adapter)
    if (kind === 'software') throw new Error(`${name} computes on the CPU: this benchmark is for GPUs`)
    if (!features.f16) context.log('no shader-f16: rivals compute in f32')
    return [...(await measureEngine(context, kind)), ...(await kernels.run(context))]
  }
}
