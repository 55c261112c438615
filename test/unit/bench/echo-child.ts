/** A child of child.test.ts. */
import { answerQuestions } from '../../bench/child.ts'

answerQuestions({
  add: (a: number, b: number) => a + b,
  fail: () => {
    throw new Error('cannot')
  },
  die: () => {
    console.error('last words')
    process.exit(3)
  },
  hang: () => new Promise(() => undefined)
})
