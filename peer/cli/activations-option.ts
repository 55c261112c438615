/** How hidden states go between hops, for every command that drives answers. */
import { Option } from 'commander'
import type { DriverLimits } from '../session/driver-limits.ts'

export type Activations = 'f16' | 'int8'

export function activationsOption(): Option {
  return new Option(
    '--activations <type>',
    'hidden states between hops: int8 blocks halve what slow links carry, and round more coarsely'
  )
    .choices(['f16', 'int8'])
    .default('f16')
}

export function encodingOf(activations: Activations): Pick<DriverLimits, 'encoding'> {
  // Not the enum itself, whose module every command would load to explain itself.
  return { encoding: (activations === 'int8' ? 'INT8' : 'AUTO') as DriverLimits['encoding'] }
}
