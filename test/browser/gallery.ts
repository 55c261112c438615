/** Serves the gallery of the page's states for the specs that look at them. */
import serveFiles from '@fastify/static'
import fastify from 'fastify'
import { GALLERY } from './global-setup.ts'

export async function withGallery(use: (url: (state: string) => string) => Promise<void>): Promise<void> {
  const server = fastify({ forceCloseConnections: true })
  try {
    await server.register(serveFiles, { root: GALLERY })
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    await use(state => `${url}/#${state}`)
  } finally {
    await server.close()
  }
}
