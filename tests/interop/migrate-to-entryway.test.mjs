// A person moves an account with `entryway migrate-account` from a PDS of its own to our server, behind which an
// unmodified PDS takes it.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { startDelegatingHosts } from './lib/delegation.mjs'
import { newPassword, startEntryway } from './lib/entryway.mjs'
import { Mover, collection, newcomer, startOwnPds } from './lib/migration.mjs'
import { identity } from './lib/people.mjs'
import { succeed } from './lib/xrpc.mjs'

let entryway, fleet, source, hiker, mover, record

before(async () => {
  entryway = await startEntryway()
  fleet = await startDelegatingHosts(entryway, ['home'])
  source = await startOwnPds('source', entryway.plc)
  hiker = await newcomer(source, 'hiker.test')
  record = await hiker.write('before the move', randomBytes(5000))
  mover = new Mover({
    OLD_PDS: source.publicUrl,
    OLD_HANDLE: hiker.handle,
    OLD_PASSWORD: hiker.password,
    // which host it will be is the login's to say
    NEW_PDS: entryway.issuer,
    NEW_PASSWORD: newPassword(),
    PLC_DIRECTORY: entryway.plc,
  })
})
after(async () => {
  mover?.end()
  await fleet?.stop()
  await Promise.all([source, entryway].map((service) => service?.stop()))
})

test('the login asks to be let first', async () => {
  await mover.step('login-source', /^signed in/)
  const described = await succeed(entryway.issuer, 'com.atproto.server.describeServer')
  await mover.step('service-auth', new RegExp(`aud ${described.did}\t`))
  const { status, stderr } = await mover.run('create')
  assert.equal(status, 1)
  assert.match(stderr, /must list the rotation key did:key:[^]*\nentryway: the new host changes the identity itself/)
  assert.equal(await home(), source.publicUrl)
})

test('its key is added and nothing else, once its person agrees', async () => {
  await mover.step('plc-request-token', /by letter/)
  const { status, stdout, stderr } = await mover.run('plc-sign', { env: { PLC_TOKEN: hiker.codes()[0] } })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^rotation keys\n    1 did:key:.*\n  \+ 2 did:key:.*\nalso known as\n    1 at:/)
  assert.doesNotMatch(stdout, /^  - /m)
  const asked = await mover.run('create')
  assert.deepEqual([asked.status, asked.stdout], [2, stdout])
  // the word of the source is good once
  const spent = await mover.run('create', { more: ['--yes'] })
  assert.match(spent.stderr, /jti of the service token was used before\nentryway: run service-auth again/)
  await mover.step('service-auth', /^service token/)
  const told = await mover.step('create', /signed in\tdid:plc:/, '--yes')
  const [host] = fleet.hosts
  assert.ok(told.includes(`export NEW_PDS=${host.publicUrl} NEW_LOGIN_PDS=${entryway.issuer}`), told)
  Object.assign(mover.variables, { NEW_PDS: host.publicUrl, NEW_LOGIN_PDS: entryway.issuer })
  assert.equal(await home(), host.publicUrl)
})

test('everything comes along, and the account begins there and ends here', async () => {
  await mover.step('import', /^repository\tbrought over[^]*\nblobs\t1 brought over\n/)
  await mover.step('refresh-session', /^refreshed\tsource\t[^]*\nrefreshed\tnew\t/)
  await mover.step('status', /^source\tactive[^]*\nnew\tnot active\tidentity points here\t1 records\t1 of 1 blobs/)
  await mover.step('activate', /^active\t/)
  const query = { repo: hiker.did, collection, rkey: record.rkey }
  const found = await succeed(mover.variables.NEW_PDS, 'com.atproto.repo.getRecord', { query })
  assert.deepEqual(found.value, record.value)
  await mover.step('deactivate-source', /^deactivated\t/, '--yes')
  await mover.step('status', /^source\tnot active[^]*\nnew\tactive\tidentity points here/)
  for (const origin of [entryway.issuer, mover.variables.NEW_PDS]) {
    const input = { identifier: hiker.handle, password: mover.variables.NEW_PASSWORD }
    const session = await succeed(origin, 'com.atproto.server.createSession', { input })
    assert.deepEqual([session.did, session.active], [hiker.did, true])
  }
})

test('no secret was ever said', () => {
  const everything = mover.said.join('\n')
  for (const secret of [...mover.secrets(), ...hiker.codes(), hiker.password, mover.variables.NEW_PASSWORD]) {
    assert.ok(!everything.includes(secret))
  }
})

async function home() {
  const { document } = await identity(entryway, hiker.did)
  return document.service[0].serviceEndpoint
}
