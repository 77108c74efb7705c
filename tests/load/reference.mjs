// Runs the unmodified @atproto/pds for `entryway-load compare`, as its own authorization server.
//
//     node tests/load/reference.mjs PLC_URL DATA_DIRECTORY
//
// Prints the port of 127.0.0.1 that it listens at, once it does. What is not set here is as it comes: SQLite as durable
// as it makes it, tokens signed with HS256, no log. Packages are those of tests/interop.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'

// a bare name leads nowhere from here
const inside = (path) => import(new URL(`../interop/node_modules/${path}`, import.meta.url).href)
const { PDS, envToCfg, envToSecrets, readEnv } = await inside('@atproto/pds/dist/index.js')

const [plc, folder] = process.argv.slice(2)
const secret = (bytes) => randomBytes(bytes).toString('hex')
const port = await freePort()
Object.assign(process.env, {
  PDS_HOSTNAME: 'localhost',
  PDS_PORT: String(port),
  PDS_SERVICE_DID: 'did:web:pds.test',
  PDS_DATA_DIRECTORY: folder,
  PDS_BLOBSTORE_DISK_LOCATION: join(folder, 'blobs'),
  PDS_BLOBSTORE_DISK_TMP_LOCATION: join(folder, 'blobs-unfinished'),
  PDS_DID_PLC_URL: plc,
  PDS_SERVICE_HANDLE_DOMAINS: '.test',
  PDS_INVITE_REQUIRED: 'false',
  // without it no public URL may be http
  PDS_DEV_MODE: 'true',
  PDS_RATE_LIMITS_ENABLED: 'false',
  PDS_JWT_SECRET: secret(32),
  PDS_DPOP_SECRET: secret(32),
  PDS_ADMIN_PASSWORD: secret(16),
  PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX: secret(32),
})

const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
// nobody but this machine is to reach it
const listen = pds.app.listen.bind(pds.app)
pds.app.listen = (port) => listen(port, '127.0.0.1')
await pds.start()
process.once('SIGTERM', () => pds.destroy().finally(() => process.exit()))
console.log(port)

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}
