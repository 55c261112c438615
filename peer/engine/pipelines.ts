/**
 * Compiles kernels once per device. A kernel's text fixes all it computes, so the text is the key: spans and the
 * self-test of one device share pipelines. On software adapters compiling is the dearest part of loading.
 */
import { InternalError } from '../errors.ts'
import { COMPUTE_STAGE } from './gpu-usage.ts'

export type Binding = 'uniform' | 'read' | 'read_write'

/** A compute shader with entry point `main`; binding i of group 0 is bindings[i]. */
export interface Kernel {
  name: string
  code: string
  bindings: readonly Binding[]
}

const bufferTypes: Record<Binding, GPUBufferBindingType> = {
  uniform: 'uniform',
  read: 'read-only-storage',
  read_write: 'storage'
}

export class PipelineCache {
  readonly #device: GPUDevice
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()
  readonly #layouts = new Map<string, GPUBindGroupLayout>()

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** How many pipelines have been asked for. */
  get size(): number {
    return this.#pipelines.size
  }

  layout(bindings: readonly Binding[]): GPUBindGroupLayout {
    const key = bindings.join()
    let layout = this.#layouts.get(key)
    if (layout === undefined) {
      layout = this.#device.createBindGroupLayout({
        entries: bindings.map((binding, index) => ({
          binding: index,
          visibility: COMPUTE_STAGE,
          buffer: { type: bufferTypes[binding] }
        }))
      })
      this.#layouts.set(key, layout)
    }
    return layout
  }

  /** @throws InternalError with the compiler's words */
  compile(kernel: Kernel): Promise<GPUComputePipeline> {
    let pipeline = this.#pipelines.get(kernel.code)
    if (pipeline === undefined) {
      pipeline = this.#compile(kernel)
      this.#pipelines.set(kernel.code, pipeline)
    }
    return pipeline
  }

  async #compile(kernel: Kernel): Promise<GPUComputePipeline> {
    const module = this.#device.createShaderModule({ label: kernel.name, code: kernel.code })
    try {
      return await this.#device.createComputePipelineAsync({
        label: kernel.name,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [this.layout(kernel.bindings)] }),
        compute: { module, entryPoint: 'main' }
      })
    } catch (cause) {
      const { messages } = await module.getCompilationInfo()
      const words = messages.map(message => `${message.lineNum}:${message.linePos} ${message.message}`).join('; ')
      throw new InternalError(`Kernel ${kernel.name} does not compile: ${words || String(cause)}`, {}, { cause })
    }
  }
}
