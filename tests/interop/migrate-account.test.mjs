// A person moves an account with `entryway migrate-account` alone: between two unmodified PDS hosts that know nothing of
// each other, nor of any entryway.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { remember } from './lib/artefacts.mjs'
import { newPassword, startEntryway } from './lib/entryway.mjs'
import { blocks } from './lib/guide.mjs'
import { Mover, collection, newcomer, startOwnPds } from './lib/migration.mjs'
import { identity } from './lib/people.mjs'
import { succeed, xrpc } from './lib/xrpc.mjs'

const picture = randomBytes(70_000)

let sandbox, source, target, walker, mover, record

before(async () => {
  // of which only the PLC directory is used
  sandbox = await startEntryway({ database: null })
  source = await startOwnPds('source', sandbox.plc)
  target = await startOwnPds('target', sandbox.plc)
  walker = await newcomer(source, 'walker.test')
  record = await walker.write('before the move', picture)
  const input = { preferences: [{ $type: 'app.bsky.actor.defs#adultContentPref', enabled: false }] }
  await succeed(source.publicUrl, 'app.bsky.actor.putPreferences', { bearer: walker.bearer, input })
  mover = moving(walker)
  const file = join(mover.home, 'new-password')
  writeFileSync(file, mover.variables.NEW_PASSWORD + '\n', { mode: 0o600 })
  Object.assign(mover.variables, { NEW_PASSWORD: '', NEW_PASSWORD_FILE: file })
})
after(async () => {
  mover?.end()
  await Promise.all([source, target, sandbox].map((service) => service?.stop()))
})

describe('a session of the source', () => {
  test('everything that is missing is said at once', async () => {
    const { status, stderr } = await mover.run('login-source', { env: { OLD_PDS: '', OLD_HANDLE: '', OLD_PASSWORD: '' } })
    assert.equal(status, 2)
    for (const name of ['OLD_LOGIN_PDS', 'OLD_IDENTIFIER', 'OLD_PASSWORD']) assert.match(stderr, new RegExp(`${name} or`))
  })

  // A12
  test('a wrong name is answered with the other kind of name', async () => {
    const byHandle = await mover.run('login-source', { env: { OLD_IDENTIFIER: 'nobody.test' } })
    assert.equal(byHandle.status, 1)
    assert.match(byHandle.stderr, /Invalid identifier or password[^]*set OLD_IDENTIFIER to the e-mail address/)
    const byAddress = await mover.run('login-source', { env: { OLD_IDENTIFIER: 'nobody@example.com' } })
    assert.match(byAddress.stderr, /set OLD_IDENTIFIER to the handle/)
  })

  // A10, A22
  test('an app password is told apart from an account that may change its identity', async () => {
    const call = { bearer: walker.bearer, input: { name: 'move' } }
    const { password } = await succeed(source.publicUrl, 'com.atproto.server.createAppPassword', call)
    remember(password)
    assert.equal((await mover.run('login-source', { env: { OLD_PASSWORD: password } })).status, 0)
    const { status, stdout } = await mover.run('source-session-status')
    assert.equal(status, 0)
    assert.match(stdout, /^session\tgood\t.*\nPLC\trefused: .*app password.*main password/)
    const refused = await mover.run('plc-request-token')
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /Bad token scope\nentryway: the session is good.*Repeat login-source with the main password/)
    assert.deepEqual(walker.codes(), [])
  })

  test('the main password gives one that may', async () => {
    await mover.step('login-source', /^signed in\tdid:plc:.*\twalker\.test\thttp/)
    await mover.step('source-session-status', /^session\tgood\t.*\tactive\nPLC\tallowed/)
    assert.deepEqual(walker.codes(), [])
  })

  // A24
  test('it is refreshed', async () => {
    const { refreshJwt } = mover.read('old_session.json')
    await mover.step('refresh-session', /^refreshed\tsource\t/)
    assert.notEqual(mover.read('old_session.json').refreshJwt, refreshJwt)
  })

  // A23
  test('one that the source does not know is told with what to do', async () => {
    const kept = readFileSync(mover.path('old_session.json'))
    const session = JSON.parse(kept)
    writeFileSync(mover.path('old_session.json'), JSON.stringify({ ...session, accessJwt: session.accessJwt.slice(0, -4) + 'AAAA' }))
    const { status, stdout, stderr } = await mover.run('source-session-status')
    assert.deepEqual([status, stdout], [1, 'session\tended\n'])
    assert.match(stderr, /login-source/)
    writeFileSync(mover.path('old_session.json'), kept)
  })
})

describe('the way over', () => {
  // A8
  test('a URL in the place of the DID is refused with the DID', async () => {
    const { status, stderr } = await mover.run('service-auth', { env: { NEW_SERVICE_DID: target.publicUrl } })
    assert.equal(status, 2)
    assert.match(stderr, /must be a DID, and not a URL.*is did:web:target\.test/)
  })

  test('nothing is created without the word of the source', async () => {
    const { status, stderr } = await mover.run('create')
    assert.equal(status, 2)
    assert.match(stderr, /service_auth_create_account\.json is missing: service-auth writes it/)
  })

  test('the account is made at the new host, and not active there', async () => {
    await mover.step('service-auth', /aud did:web:target\.test\tcom\.atproto\.server\.createAccount\t[89]\d\d seconds/)
    await mover.step('create', /^signed in\tdid:plc:/)
    // as after an answer that was lost
    rmSync(mover.path('new_session.json'))
    assert.match(await mover.step('create', /^signed in\tdid:plc:/), /the account is there already/)
    await mover.step('login-new', /^signed in\tdid:plc:/)
    await mover.step('status', /^source\tactive\tidentity points here[^]*\nnew\tnot active\tidentity points elsewhere/)
  })

  test('repository, blobs and preferences come along, once', async () => {
    await mover.step('import', /^repository\tbrought over[^]*\npreferences\tbrought over\nblobs\t1 brought over\n$/)
    await mover.step('import', /^repository\tthere already[^]*\npreferences\tthere already\nblobs\t0 brought over\n$/)
    const blobs = readdirSync(mover.path('blobs')).filter((name) => !name.endsWith('.json'))
    assert.equal(blobs.length, 1)
    assert.deepEqual(readFileSync(mover.path(`blobs/${blobs[0]}`)), picture)
  })

  test('what was written meanwhile comes along with the next import', async () => {
    record = await walker.write('during the move', randomBytes(1000))
    await mover.step('import', /^repository\tbrought over[^]*\nblobs\t1 brought over\n/)
    await mover.step('status', /\nnew\tnot active\tidentity points elsewhere\t2 records\t2 of 2 blobs/)
  })

  test('an account does not begin where its identity does not point', async () => {
    const { status, stderr } = await mover.run('activate')
    assert.equal(status, 1)
    assert.match(stderr, /does not point to.*plc-submit/s)
    const early = await mover.run('deactivate-source')
    assert.equal(early.status, 1)
    assert.match(early.stderr, /the source is all there is of it/)
  })
})

// A21
describe('the identity', () => {
  test('a change is signed with a code, and shown', async () => {
    await mover.step('plc-recommended', /rotationKeys/)
    await mover.step('plc-request-token', /a code is on its way by letter/)
    const wrong = await mover.run('plc-sign', { env: { PLC_TOKEN: 'AAAAA-BBBBB' } })
    assert.equal(wrong.status, 1)
    assert.match(wrong.stderr, /the code is spent, too old or mistyped: plc-request-token/)
    const [code] = walker.codes()
    const elsewhere = await mover.run('plc-sign', { env: { PLC_TOKEN: code, NEW_PDS: 'http://localhost:9' } })
    assert.match(elsewhere.stderr, /services\.atproto_pds\.endpoint would be .*, and not NEW_PDS/)
    const { status, stdout, stderr } = await mover.run('plc-sign', { env: { PLC_TOKEN: code } })
    assert.equal(status, 0, stderr)
    const pds = 'atproto_pds AtprotoPersonalDataServer'
    assert.match(stdout, new RegExp(`services\n  - ${pds} ${source.publicUrl}\n  \\+ ${pds} ${target.publicUrl}`))
    assert.match(stdout, /rotation keys\n  - 1 did:key:.*\n  \+ 1 did:key:/)
    assert.equal(await home(walker), source.publicUrl, 'nothing is sent yet')
  })

  test('it is sent once somebody says yes', async () => {
    const asked = await mover.run('plc-submit')
    assert.equal(asked.status, 2)
    assert.match(asked.stderr, /--yes is required/)
    assert.match(asked.stdout, /\+ atproto_pds/)
    await mover.step('plc-submit', /\nsent\tdid:plc:/, '--yes')
    assert.equal(await home(walker), target.publicUrl)
    await mover.step('plc-submit', /^sent already/, '--yes')
  })
})

describe('the new home', () => {
  test('the account is active there, with all it had', async () => {
    await mover.step('activate', /^active\t/)
    await mover.step('activate', /^active already/)
    await hasRecord(walker, record)
    const query = { did: walker.did, cid: record.value.picture.ref.$link }
    assert.equal((await xrpc(target.publicUrl, 'com.atproto.sync.getBlob', { query })).status, 200)
    const { accessJwt: bearer } = mover.read('new_session.json')
    const { preferences } = await succeed(target.publicUrl, 'app.bsky.actor.getPreferences', { bearer })
    assert.equal(preferences.length, 1)
  })

  test('an import afterwards leaves alone what is written there', async () => {
    await mover.step('import', /^repository\tleft alone/)
  })

  test('and is not at the source any more', async () => {
    const asked = await mover.run('deactivate-source')
    assert.match(asked.stderr, /--yes is required/)
    await mover.step('deactivate-source', /^deactivated\t/, '--yes')
    await restsAtSource(walker)
    await mover.step('status', /^source\tnot active[^]*\nnew\tactive\tidentity points here/)
  })
})

// A1, A2
test('no secret was ever said, and all of them are private', () => {
  const everything = mover.said.join('\n')
  const passwords = [walker.password, readFileSync(mover.variables.NEW_PASSWORD_FILE, 'utf8').trim()]
  const secrets = [...mover.secrets(), ...passwords, ...walker.codes()]
  assert.equal(mover.secrets().length, 5)
  for (const secret of secrets) assert.ok(!everything.includes(secret))
  assert.doesNotMatch(everything, /eyJ[A-Za-z0-9_-]{8}/)
  assert.equal(statSync(mover.own).mode & 0o777, 0o700)
  assert.equal(readFileSync(mover.path('.gitignore'), 'utf8'), '*\n')
  for (const entry of readdirSync(mover.own, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) assert.equal(statSync(join(entry.parentPath, entry.name)).mode & 0o777, 0o600, entry.name)
  }
})

test('the guide leads a person from the one host to the other', async () => {
  const runner = await newcomer(source, 'runner.test')
  const written = await runner.write('a note')
  const guided = moving(runner)
  // its person says yes where they are asked
  const agreeing = 'entryway() { command entryway "$@" --yes; }\n'
  for (const block of blocks('sh move', 'migration.md')) {
    await guided.follow(agreeing + block, { PLC_TOKEN: runner.codes()[0] ?? '' })
  }
  assert.equal(await home(runner), target.publicUrl)
  await hasRecord(runner, written)
  await restsAtSource(runner)
  guided.end()
})

// A14
test('the commands for curl do the same', async () => {
  const jogger = await newcomer(source, 'jogger.test')
  const written = await jogger.write('a note')
  const shell = moving(jogger)
  shell.variables.NEW_SERVICE_DID = target.did
  const steps = [
    'login-source', 'source-session-status', 'refresh-session', 'service-auth', 'create', 'import', 'status', 'plc-recommended',
    'plc-request-token', 'plc-sign', 'plc-submit', 'login-new', 'activate', 'deactivate-source',
  ]
  for (const step of steps) {
    let script = await shell.follow(`entryway migrate-account ${step} --print-curl`)
    // no code is at hand, so that it is refused; and there is no session of the new host yet
    if (step === 'source-session-status') script = script.split('\n').slice(0, 2).join('\n')
    if (step === 'refresh-session') script = script.split('\n').slice(0, 2).join('\n')
    await shell.follow(script, { PLC_TOKEN: jogger.codes()[0] ?? '' })
  }
  assert.equal(await home(jogger), target.publicUrl)
  await hasRecord(jogger, written)
  await restsAtSource(jogger)
  for (const file of ['old_session.json', 'new_session.json', 'plc_signed_operation.json']) {
    assert.equal(statSync(shell.path(file)).mode & 0o777, 0o600, file)
  }
  shell.end()
})

/** Somebody at a shell, on the way from the source to the target. */
function moving(person) {
  return new Mover({
    OLD_PDS: source.publicUrl,
    OLD_HANDLE: person.handle,
    OLD_PASSWORD: person.password,
    NEW_PDS: target.publicUrl,
    NEW_PASSWORD: newPassword(),
    PLC_DIRECTORY: sandbox.plc,
  })
}

async function home({ did }) {
  const { document } = await identity(sandbox, did)
  return document.service[0].serviceEndpoint
}

async function hasRecord({ did }, { rkey, value }) {
  const found = await succeed(target.publicUrl, 'com.atproto.repo.getRecord', { query: { repo: did, collection, rkey } })
  assert.deepEqual(found.value, value)
}

async function restsAtSource({ did }) {
  const status = await succeed(source.publicUrl, 'com.atproto.sync.getRepoStatus', { query: { did } })
  assert.deepEqual([status.active, status.status], [false, 'deactivated'])
}
