/** The golden prompt that the page is asked, since its greedy leads are wide enough for any adapter. */
import { expect } from '@playwright/test'
import { type GoldenPrompt, loadGoldens } from '../oracle/goldens.ts'
import type { AnswerTurn } from './tab.ts'

export const golden: GoldenPrompt = loadGoldens().prompts.find(({ name }) => name === 'hello')!
export const question = golden.messages![0]!.content

export function expectGolden(answer: AnswerTurn): void {
  expect(answer.notice).toBeUndefined()
  expect(answer.trace!.tokens).toEqual(golden.answer.ids)
  expect(answer.text).toBe(golden.answer.text)
  expect(answer.cut).toBe(false)
}
