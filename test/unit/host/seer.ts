/** Drafts from the answer as it is known beforehand, with blunders where a test wants them. */
import type { Drafter } from '../../../peer/session/drafter.ts'

/** `tokens`: prompt and answer; `blunders`: whether the draft of the position is wrong. Drafts beyond the answer are made up. */
export function seer(tokens: readonly number[], vocabulary: number, blunders: (position: number) => boolean): Drafter {
  return {
    open: async () => ({
      draft: async (known, most) =>
        Array.from({ length: most }, (_, at) => {
          const position = known.length + at
          const right = tokens[position] ?? 0
          return blunders(position) ? (right + 1) % vocabulary : right
        }),
      close: async () => {}
    })
  }
}
