/**
 * Whether this tab can compute, found out before anybody asks it to, with the reason in a person's words.
 */
import { requestGpu } from '#engine/adapter'
import { describeAdapter } from '../peer/engine/adapter-description.ts'
import type { Gpu } from './state.ts'
import { insecureNotice, noAdapterNotice, noWebGpuNotice } from './words/donate.ts'

export async function lookForGpu(): Promise<Gpu> {
  const { userAgent } = navigator
  if (!isSecureContext) return { phase: 'none', notice: insecureNotice(location.origin) }
  if (!('gpu' in navigator)) return { phase: 'none', notice: noWebGpuNotice(userAgent) }
  try {
    const { name, kind } = describeAdapter(await requestGpu({ powerPreference: 'high-performance' }))
    return { phase: 'ready', name, software: kind === 'software' }
  } catch {
    return { phase: 'none', notice: noAdapterNotice }
  }
}
