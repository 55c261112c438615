import { Option } from 'commander'

export type Speculate = 'auto' | 'never'

/** Whether tokens are drafted; what measured times say decides how many, so there is nothing to set beside. */
export function speculateOption(more = ''): Option {
  return new Option('--speculate <when>', `draft tokens and check several in a step, where that is faster${more}`)
    .choices(['auto', 'never'])
    .default('auto')
}
