// Runs the @atproto/pds of the working directory, configured by its own PDS_… variables, until standard input ends.

import { PDS, envToCfg, envToSecrets, readEnv } from '@atproto/pds'

const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
// nobody but this machine is to reach it
const listen = pds.app.listen.bind(pds.app)
pds.app.listen = (port) => listen(port, '127.0.0.1')
await pds.start()

const end = () => pds.destroy().finally(() => process.exit())
process.once('SIGTERM', end)
// it ends with whoever started it, however that ends
process.stdin.once('end', end).resume()
console.log('ready')
