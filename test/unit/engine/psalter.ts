/** Models as the engine takes them, whole in memory. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { hyperparametersFrom } from '../../../peer/model/hyperparameters.ts'
import type { Hyperparameters, TensorInfo, TensorReader } from '../../../peer/model/types.ts'

export interface LoadedModel {
  hyperparameters: Hyperparameters
  reader: TensorReader
  sha256: string
}

export async function readModel(path: string): Promise<LoadedModel> {
  return await modelFrom(path, readFileSync(path))
}

export async function modelFrom(name: string, file: Uint8Array): Promise<LoadedModel> {
  const slice = (offset: number, length: number) => new Uint8Array(file.subarray(offset, offset + length))
  const header = await readGgufHeader({ size: file.length, name, read: async (offset, length) => slice(offset, length) })
  const infos = new Map(header.tensors.map(({ typeName, ...rest }) => [rest.name, { ...rest, type: typeName } as TensorInfo]))
  return {
    hyperparameters: hyperparametersFrom(header.metadata, infos.keys()),
    reader: {
      info: name => infos.get(name),
      read: async name => slice(infos.get(name)!.offset, infos.get(name)!.bytes)
    },
    sha256: createHash('sha256').update(file).digest('hex')
  }
}
