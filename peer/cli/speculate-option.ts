/** The options of speculation, of every command that drives answers. */
import { Option } from 'commander'
import type { DraftModel } from './draft-model.ts'

export type Speculate = 'auto' | 'never'

export const DRAFT_HELP =
  'a small model of the same vocabulary (GGUF, by path or URL) to draft with on this machine’s GPU (default: from the text alone)'

/** Whether tokens are drafted; what measured times say decides how many, so there is nothing to set beside. */
export function speculateOption(more = ''): Option {
  return new Option('--speculate <when>', `draft tokens and check several in a step, where that is faster${more}`)
    .choices(['auto', 'never'])
    .default('auto')
}

/** Loaded only where it is asked for: it needs WebGPU. */
export async function draftModelOf(place: string | undefined, signal: AbortSignal): Promise<DraftModel | undefined> {
  if (place === undefined) return undefined
  const { openDraftModel } = await import('./draft-model.ts')
  return await openDraftModel(place, signal)
}
