/** The golden prompt that the page is asked, since its greedy leads are wide enough for any adapter. */
import { type GoldenPrompt, loadGoldens } from '../oracle/goldens.ts'

export const golden: GoldenPrompt = loadGoldens().prompts.find(({ name }) => name === 'hello')!
export const question = golden.messages![0]!.content
