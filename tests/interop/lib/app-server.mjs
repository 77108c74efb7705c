// Serves the ordinary app on a loopback port of its own: an origin that is not the server's.

import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

const folder = join(import.meta.dirname, '../app')

/** Bundles and serves the app; answers its origin and `stop()`. */
export async function startApp({ pds, plc }) {
  const [page, bundle] = await Promise.all([
    readFile(join(folder, 'index.html')),
    build({
      entryPoints: [join(folder, 'app.mjs')],
      bundle: true,
      write: false,
      format: 'iife',
      platform: 'browser',
      target: 'es2022',
      logLevel: 'warning',
    }),
  ])
  const files = new Map([
    ['/app.js', ['text/javascript', bundle.outputFiles[0].contents]],
    ['/servers.json', ['application/json', JSON.stringify({ pds, plc })]],
    // one page at three addresses: see app.mjs for what each of them makes of itself
    ...['/', '/fragment', '/query'].map((path) => [path, ['text/html; charset=utf-8', page]]),
  ])
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url, 'http://127.0.0.1').pathname)
    response.writeHead(file ? 200 : 404, file ? { 'content-type': file[0] } : {})
    response.end(file?.[1])
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
