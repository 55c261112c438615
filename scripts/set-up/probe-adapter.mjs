/**
 * Exits 0 and prints its name where the engine gets a WebGPU adapter in Node. Runs on the project's own Node.
 */

import { requestGpu } from '../../peer/engine/adapter.ts'
import { describeAdapter } from '../../peer/engine/adapter-description.ts'

console.log(describeAdapter(await requestGpu()).name)
