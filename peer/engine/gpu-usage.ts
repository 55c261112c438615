/**
 * Buffer usage, map and stage flags, as fixed by the WebGPU specification. The browser has them as globals, the Node
 * package does not install any; one set of constants keeps both the same.
 * https://www.w3.org/TR/webgpu/#namespacedef-gpubufferusage
 */
export const BUFFER_USAGE = {
  mapRead: 0x0001,
  copySource: 0x0004,
  copyTarget: 0x0008,
  uniform: 0x0040,
  storage: 0x0080
} as const

export const MAP_READ = 0x0001
export const COMPUTE_STAGE = 0x4
