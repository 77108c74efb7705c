// Runs the unmodified @atproto/pds, configured by its own PDS_… variables, as a child of a test program.
//
// Its public URL follows from PDS_HOSTNAME and PDS_PORT; where it listens is LISTEN_PORT's, for something may stand
// in front of it. It tells its parent the port, and ends with it.

import { PDS, envToCfg, envToSecrets, readEnv } from '@atproto/pds'

const env = readEnv()
const config = envToCfg(env)
config.service.port = Number(process.env.LISTEN_PORT)
const pds = await PDS.create(config, envToSecrets(env))
// nobody but this machine is to reach it
const listen = pds.app.listen.bind(pds.app)
pds.app.listen = (port) => listen(port, '127.0.0.1')
const server = await pds.start()

process.once('disconnect', () => process.exit())
process.once('SIGTERM', () => pds.destroy().finally(() => process.exit()))
process.send(server.address())
