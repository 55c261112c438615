/** What the adapter can do at most, as kernels that do nothing else show it: reading memory, multiplying and adding, launching. */
import type { EngineDevice } from '../../../peer/engine/device.ts'
import { BUFFER_USAGE } from '../../../peer/engine/gpu-usage.ts'
import type { Kernel } from '../../../peer/engine/pipelines.ts'
import type { Repetition } from './launch-timer.ts'

export interface Yardstick {
  repetition: Repetition
  /** Bytes read, operations or launches of one repetition. */
  amount: number
}

export interface Yardsticks {
  read: Yardstick
  operations: Yardstick
  launch: Yardstick
  destroy: () => void
}

/** Beyond the caches: of a GPU's last level, and of two cores' share of a CPU's. */
const READ_BYTES = { gpu: 512 * 2 ** 20, software: 64 * 2 ** 20 }

/** Workgroup sizes as the engine's own kernels have them on each. */
const THREADS = { gpu: 64, software: 16 }
const READERS = { gpu: 2 ** 16, software: 256 }
const FUSED_LOOPS = 256

export async function openYardsticks(device: EngineDevice): Promise<Yardsticks> {
  const { gpu, pipelines, adapter, bindingLimit, gridLimit } = device
  const threads = THREADS[adapter.kind]
  const readers = Math.min(READERS[adapter.kind], gridLimit * threads)
  const bytes = Math.min(READ_BYTES[adapter.kind], bindingLimit)
  // Each thread reads a run of its own on the CPU, neighbours read neighbours on a GPU: what each fetches best.
  const index = adapter.kind === 'gpu' ? `i * ${readers}u + id.x` : 'id.x * count + i'
  const source = gpu.createBuffer({ label: 'yardstick source', size: bytes, usage: BUFFER_USAGE.storage })
  const sink = gpu.createBuffer({ label: 'yardstick sink', size: readers * 16, usage: BUFFER_USAGE.storage })
  const open = async (kernel: Kernel, buffers: readonly GPUBuffer[], groups: number): Promise<Repetition> => {
    const pipeline = await pipelines.compile(kernel)
    const layout = pipelines.layout(kernel.bindings)
    const bindings = gpu.createBindGroup({
      layout,
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } }))
    })
    return pass => {
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindings)
      pass.dispatchWorkgroups(groups)
    }
  }
  const main = `@compute @workgroup_size(${threads}) fn main(@builtin(global_invocation_id) id: vec3u)`
  const reading: Kernel = {
    name: 'yardstick read',
    bindings: ['read', 'read_write'],
    code: `@group(0) @binding(0) var<storage, read> source: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> sink: array<vec4u>;
${main} {
  var sum = vec4u(0u);
  let count = arrayLength(&source) / ${readers}u;
  for (var i = 0u; i < count; i++) { sum ^= source[${index}]; }
  sink[id.x] = sum;
}`
  }
  const computing: Kernel = {
    name: 'yardstick operations',
    bindings: ['read_write'],
    // Four chains of vec4 in flight; the values stay finite.
    code: `@group(0) @binding(0) var<storage, read_write> sink: array<vec4f>;
${main} {
  var a = vec4f(f32(id.x)); var b = a + 1.0; var c = a + 2.0; var d = a + 3.0;
  let count = ${FUSED_LOOPS}u + u32(arrayLength(&sink) == 0u);
  for (var i = 0u; i < count; i++) {
    a = a * 0.5 + 1.0; b = b * 0.5 + 1.0; c = c * 0.5 + 1.0; d = d * 0.5 + 1.0;
  }
  sink[id.x] = a + b + c + d;
}`
  }
  const nothing: Kernel = {
    name: 'yardstick launch',
    bindings: ['read_write'],
    code: `@group(0) @binding(0) var<storage, read_write> sink: array<vec4f>;
${main} { if (id.x == 0u) { sink[0] = vec4f(1.0); } }`
  }
  const groups = readers / threads
  return {
    read: { repetition: await open(reading, [source, sink], groups), amount: Math.floor(bytes / 16 / readers) * readers * 16 },
    operations: { repetition: await open(computing, [sink], groups), amount: readers * FUSED_LOOPS * 4 * 4 * 2 },
    launch: { repetition: await open(nothing, [sink], 1), amount: 1 },
    destroy: () => {
      source.destroy()
      sink.destroy()
    }
  }
}
