/** Results of several seeds as one. */
import type { Result } from './run.ts'

/** Each policy's means over seeds, in the order of the runs. */
export function meansOf(results: readonly Result[]): Result[] {
  return [...new Set(results.map(({ policy }) => policy))].map(name => {
    const own = results.filter(({ policy }) => policy === name)
    const mean = (value: (result: Result) => number) => own.reduce((sum, result) => sum + value(result), 0) / own.length
    return {
      ...own[0]!,
      success: mean(result => result.success),
      throughput: mean(result => result.throughput),
      goodput: mean(result => result.goodput),
      meanMs: mean(result => result.meanMs),
      energy: mean(result => result.energy),
      cloudShare: mean(result => result.cloudShare),
      regret: [0, 1, 2, 3].map(quarter => mean(result => result.regret[quarter]!)),
      oracle: [0, 1, 2, 3].map(quarter => mean(result => result.oracle[quarter]!))
    }
  })
}
