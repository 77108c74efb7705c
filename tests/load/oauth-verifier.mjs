// Times the reference's own verifier on the calls that `entryway-load verify --write-calls FILE` wrote, at once
// after they were written: their nonces last three minutes. Packages are those of tests/interop.
//
//     node tests/load/oauth-verifier.mjs FILE [--json]
//
// Prints microseconds of one thread for each call: wall time and CPU time, garbage collection included.
import { readFileSync } from 'node:fs'
import { createPublicKey } from 'node:crypto'

// these two packages are there for @atproto/pds, so no bare name leads to them from here
const inside = (path) => import(new URL(`../interop/node_modules/@atproto/${path}`, import.meta.url).href)
const { OAuthVerifier } = await inside('oauth-provider/dist/oauth-verifier.js')
const { JoseKey } = await inside('jwk-jose/dist/index.js')

const [first, ...lines] = readFileSync(process.argv[2], 'utf8').trim().split('\n')
const known = JSON.parse(first)
const calls = lines.map((line) => JSON.parse(line))

const verifier = new OAuthVerifier({
  issuer: known.issuer,
  keyset: [await JoseKey.fromKeyLike(publicKey(known.key_hex), undefined, 'ES256K')],
  dpopSecret: Buffer.from(known.dpop_secret).toString('hex'),
})
const url = new URL(known.path, known.resource)

// the compiler warms up on calls that do not count
const warm = calls.splice(0, Math.min(2000, calls.length / 4))
for (const headers of warm) await verify(headers)
const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()]
for (const headers of calls) await verify(headers)
const wallUs = Number(process.hrtime.bigint() - wall) / 1e3 / calls.length
const used = process.cpuUsage(cpu)
const cpuUs = (used.user + used.system) / calls.length
const memory = `${Math.round(process.memoryUsage().rss / 1048576)} MiB`
if (process.argv[3] === '--json') {
  console.log(JSON.stringify({ wall_us: wallUs, cpu_us: cpuUs }))
} else {
  console.log(
    `OAuthVerifier  ${Math.round(1e6 / wallUs)} requests/s   ${wallUs.toFixed(1)} us (${cpuUs.toFixed(1)} us CPU)   ${memory}`,
  )
}

async function verify(headers) {
  await verifier.authenticateRequest(known.method, url, headers, { audience: [known.audience], scope: ['atproto'] })
}

/** A compressed point, with the constant prefix of a secp256k1 SubjectPublicKeyInfo before it. */
function publicKey(hex) {
  const prefix = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex')
  return createPublicKey({ key: Buffer.concat([prefix, Buffer.from(hex, 'hex')]), format: 'der', type: 'spki' })
}
