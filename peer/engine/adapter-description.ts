/**
 * What an adapter is, in words a donor can read and a planner can use: software adapters take other kernels than GPUs
 * and are announced as what they are.
 */

export interface AdapterDescription {
  /** What the driver calls the device; browsers may leave it empty, then vendor and architecture stand in. */
  name: string
  vendor: string
  architecture: string
  /** `software` computes on the CPU (llvmpipe, SwiftShader, WARP): barriers are dear there, launches cheap. */
  kind: 'software' | 'gpu'
  features: {
    f16: boolean
    subgroups: boolean
    /** Lanes of the smallest subgroup a kernel may get; 0 when the browser does not say. */
    leastSubgroup: number
    timestamps: boolean
  }
  maxBufferBytes: number
  maxBindingBytes: number
}

/** Names under which CPU implementations of Vulkan, Direct3D and OpenGL report themselves. */
const softwareNames = /llvmpipe|lavapipe|swiftshader|softpipe|basic render|\bwarp\b/i

export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description, isFallbackAdapter, subgroupMinSize } = adapter.info
  const words = [vendor, architecture, device, description].join(' ')
  return {
    name: description || device || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter',
    vendor,
    architecture,
    kind: isFallbackAdapter || softwareNames.test(words) ? 'software' : 'gpu',
    features: {
      f16: adapter.features.has('shader-f16'),
      subgroups: adapter.features.has('subgroups'),
      leastSubgroup: subgroupMinSize ?? 0,
      timestamps: adapter.features.has('timestamp-query')
    },
    maxBufferBytes: adapter.limits.maxBufferSize,
    maxBindingBytes: adapter.limits.maxStorageBufferBindingSize
  }
}
