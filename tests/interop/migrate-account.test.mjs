// A person moves an account with `entryway migrate-account` alone: between two unmodified PDS hosts that know nothing of
// each other, nor of any entryway.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { remember } from './lib/artefacts.mjs'
import { newPassword, startEntryway } from './lib/entryway.mjs'
import { identity } from './lib/people.mjs'
import { ownPort } from './lib/ports.mjs'
import { signUpAt, startReferencePds } from './lib/reference-pds.mjs'
import { binary } from './lib/service.mjs'
import { succeed, xrpc } from './lib/xrpc.mjs'

const collection = 'com.example.note'
const folder = mkdtempSync(join(tmpdir(), 'entryway-migration-'))
const own = join(folder, '.sandbox')
const newPasswordFile = join(folder, 'new-password')
const picture = randomBytes(70_000)

let sandbox, source, target, hosts, alice, variables, record
// all that any step said
const said = []

before(async () => {
  // of which only the PLC directory is used
  sandbox = await startEntryway({ database: null })
  const start = async (name) => {
    const at = join(folder, name)
    mkdirSync(at)
    const publicUrl = `http://localhost:${await ownPort()}`
    // without an AppView it keeps no preferences
    const settings = { PDS_BSKY_APP_VIEW_URL: 'http://localhost:9', PDS_BSKY_APP_VIEW_DID: 'did:web:view.test' }
    return { ...(await startReferencePds({ name, plc: sandbox.plc, publicUrl, did: `did:web:${name}.test`, folder: at, settings })), at }
  }
  hosts = await Promise.all(['source', 'target'].map(start))
  ;[source, target] = hosts
  alice = await signUpAt(source, 'walker.test')
  const session = await succeed(source.publicUrl, 'com.atproto.server.createSession', {
    input: { identifier: alice.handle, password: alice.password },
  })
  alice.bearer = session.accessJwt
  record = await write('before the move', await blob(picture, 'image/png'))
  await succeed(source.publicUrl, 'app.bsky.actor.putPreferences', {
    bearer: alice.bearer,
    input: { preferences: [{ $type: 'app.bsky.actor.defs#adultContentPref', enabled: false }] },
  })
  writeFileSync(newPasswordFile, newPassword() + '\n', { mode: 0o600 })
  variables = {
    OLD_PDS: source.publicUrl,
    OLD_HANDLE: alice.handle,
    OLD_PASSWORD: alice.password,
    NEW_PDS: target.publicUrl,
    NEW_PASSWORD_FILE: newPasswordFile,
    PLC_DIRECTORY: sandbox.plc,
  }
})
after(async () => {
  await Promise.all((hosts ?? []).map((host) => host.stop()))
  await sandbox?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('a session of the source', () => {
  test('everything that is missing is said at once', async () => {
    const { status, stderr } = await run('login-source', { env: { OLD_PDS: '', OLD_HANDLE: '', OLD_PASSWORD: '' } })
    assert.equal(status, 2)
    for (const name of ['OLD_LOGIN_PDS', 'OLD_IDENTIFIER', 'OLD_PASSWORD']) assert.match(stderr, new RegExp(`${name} or`))
  })

  // A12
  test('a wrong name is answered with the other kind of name', async () => {
    const byHandle = await run('login-source', { env: { OLD_IDENTIFIER: 'nobody.test' } })
    assert.equal(byHandle.status, 1)
    assert.match(byHandle.stderr, /Invalid identifier or password[^]*set OLD_IDENTIFIER to the e-mail address/)
    const byAddress = await run('login-source', { env: { OLD_IDENTIFIER: 'nobody@example.com' } })
    assert.match(byAddress.stderr, /set OLD_IDENTIFIER to the handle/)
  })

  // A10, A22
  test('an app password is told apart from an account that may change its identity', async () => {
    const app = await succeed(source.publicUrl, 'com.atproto.server.createAppPassword', { bearer: alice.bearer, input: { name: 'move' } })
    remember(app.password)
    assert.equal((await run('login-source', { env: { OLD_PASSWORD: app.password } })).status, 0)
    const { status, stdout } = await run('source-session-status')
    assert.equal(status, 0)
    assert.match(stdout, /^session\tgood\t.*\nPLC\trefused: .*app password.*main password/)
    const refused = await run('plc-request-token')
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /Bad token scope\nentryway: the session is good.*Repeat login-source with the main password/)
    assert.equal(codes().length, 0)
  })

  test('the main password gives one that may', async () => {
    await step('login-source', /^signed in\tdid:plc:.*\twalker\.test\thttp/)
    await step('source-session-status', /^session\tgood\t.*\tactive\nPLC\tallowed/)
    assert.equal(codes().length, 0)
  })

  // A24
  test('it is refreshed', async () => {
    const before = token('old_session.json', 'refreshJwt')
    await step('refresh-session', /^refreshed\tsource\t/)
    assert.notEqual(token('old_session.json', 'refreshJwt'), before)
  })

  // A23
  test('a token of another host, or of nobody, is told apart from one that is too old', async () => {
    const kept = readFileSync(join(own, 'old_session.json'))
    const session = JSON.parse(kept)
    writeFileSync(join(own, 'old_session.json'), JSON.stringify({ ...session, accessJwt: session.refreshJwt }))
    const { status, stdout, stderr } = await run('source-session-status')
    assert.equal(status, 1)
    assert.match(stdout, /^session\t/)
    assert.match(stderr, /login-source/)
    writeFileSync(join(own, 'old_session.json'), kept)
  })
})

describe('the way over', () => {
  // A8
  test('a URL in the place of the DID is refused with the DID', async () => {
    const { status, stderr } = await run('service-auth', { env: { NEW_SERVICE_DID: target.publicUrl } })
    assert.equal(status, 2)
    assert.match(stderr, /must be a DID, and not a URL.*is did:web:target\.test/)
  })

  test('nothing is created without the word of the source', async () => {
    const { status, stderr } = await run('create')
    assert.equal(status, 2)
    assert.match(stderr, /service_auth_create_account\.json is missing: service-auth writes it/)
  })

  test('the account is made at the new host, and not active there', async () => {
    await step('service-auth', /aud did:web:target\.test\tcom\.atproto\.server\.createAccount\t[89]\d\d seconds/)
    await step('create', /^signed in\tdid:plc:/)
    // as after an answer that was lost
    rmSync(join(own, 'new_session.json'))
    const again = await run('create')
    assert.equal(again.status, 0, again.stderr)
    assert.match(again.stderr, /the account is there already/)
    await step('status', /^source\tactive\tidentity points here[^]*\nnew\tnot active\tidentity points elsewhere/)
  })

  test('repository, blobs and preferences come along, once', async () => {
    await step('import', /^repository\tbrought over[^]*\nblobs\t1 brought over\npreferences\tbrought over\n$/)
    await step('import', /^repository\tthere already[^]*\nblobs\t0 brought over\npreferences\tthere already\n$/)
    const blobs = readdirSync(join(own, 'blobs')).filter((name) => !name.endsWith('.json'))
    assert.equal(blobs.length, 1)
    assert.deepEqual(readFileSync(join(own, 'blobs', blobs[0])), picture)
  })

  test('what was written meanwhile comes along with the next import', async () => {
    record = await write('during the move', await blob(randomBytes(1000), 'image/png'))
    await step('import', /^repository\tbrought over[^]*\nblobs\t1 brought over\n/)
    await step('status', /\nnew\tnot active\tidentity points elsewhere\t2 records\t2 of 2 blobs/)
  })

  test('an account does not begin where its identity does not point', async () => {
    const { status, stderr } = await run('activate')
    assert.equal(status, 1)
    assert.match(stderr, /does not point to.*plc-submit/s)
    const early = await run('deactivate-source')
    assert.equal(early.status, 1)
    assert.match(early.stderr, /the source is all there is of it/)
  })
})

describe('the identity', () => {
  test('a change is signed with a code, and shown', async () => {
    await step('plc-recommended', /rotationKeys/)
    await step('plc-request-token', /a code is on its way by letter/)
    const [code] = codes()
    const wrong = await run('plc-sign', { env: { PLC_TOKEN: 'AAAAA-BBBBB' } })
    assert.equal(wrong.status, 1)
    assert.match(wrong.stderr, /the code is spent, too old or mistyped: plc-request-token/)
    const env = { PLC_TOKEN: code }
    const other = await run('plc-sign', { env: { ...env, NEW_PDS: 'http://localhost:9' } })
    assert.match(other.stderr, /services\.atproto_pds\.endpoint would be .*, and not NEW_PDS/)
    const { status, stdout, stderr } = await run('plc-sign', { env })
    assert.equal(status, 0, stderr)
    assert.match(stdout, new RegExp(`services\n  - atproto_pds AtprotoPersonalDataServer ${source.publicUrl}\n  \\+ atproto_pds AtprotoPersonalDataServer ${target.publicUrl}`))
    assert.match(stdout, /rotation keys\n  - 1 did:key:.*\n  \+ 1 did:key:/)
    const { document } = await identity(sandbox, alice.did)
    assert.equal(document.service[0].serviceEndpoint, source.publicUrl, 'nothing is sent yet')
  })

  test('it is sent once somebody says yes', async () => {
    const asked = await run('plc-submit')
    assert.equal(asked.status, 2)
    assert.match(asked.stderr, /--yes is required/)
    assert.match(asked.stdout, /\+ atproto_pds/)
    await step('plc-submit', /\nsent\tdid:plc:/, '--yes')
    const { document } = await identity(sandbox, alice.did)
    assert.equal(document.service[0].serviceEndpoint, target.publicUrl)
    await step('plc-submit', /^sent already/, '--yes')
  })
})

describe('the new home', () => {
  test('the account is active there, with all it had', async () => {
    await step('activate', /^active\t/)
    await step('activate', /^active already/)
    const { value } = await succeed(target.publicUrl, 'com.atproto.repo.getRecord', {
      query: { repo: alice.did, collection, rkey: record.rkey },
    })
    assert.deepEqual(value, record.value)
    const query = { did: alice.did, cid: record.value.picture.ref.$link }
    const answer = await xrpc(target.publicUrl, 'com.atproto.sync.getBlob', { query })
    assert.equal(answer.status, 200)
    const bearer = token('new_session.json', 'accessJwt')
    const { preferences } = await succeed(target.publicUrl, 'app.bsky.actor.getPreferences', { bearer })
    assert.equal(preferences.length, 1)
  })

  test('an import afterwards leaves alone what is written there', async () => {
    await step('import', /^repository\tleft alone/)
  })

  test('and is not at the source any more', async () => {
    const asked = await run('deactivate-source')
    assert.match(asked.stderr, /--yes is required/)
    await step('deactivate-source', /^deactivated\t/, '--yes')
    const status = await succeed(source.publicUrl, 'com.atproto.sync.getRepoStatus', { query: { did: alice.did } })
    assert.deepEqual([status.active, status.status], [false, 'deactivated'])
    await step('status', /^source\tnot active[^]*\nnew\tactive\tidentity points here/)
  })
})

describe('what a migration leaves', () => {
  // A1, A2
  test('no secret was ever said, and all of them are private', () => {
    const everything = said.join('\n')
    const secrets = [alice.password, readFileSync(newPasswordFile, 'utf8').trim()]
    for (const name of ['old_session.json', 'new_session.json']) {
      secrets.push(token(name, 'accessJwt'), token(name, 'refreshJwt'))
    }
    secrets.push(token('service_auth_create_account.json', 'token'), ...codes())
    for (const secret of secrets) assert.ok(!everything.includes(secret))
    assert.doesNotMatch(everything, /eyJ[A-Za-z0-9_-]{8}/)
    assert.equal(statSync(own).mode & 0o777, 0o700)
    assert.equal(readFileSync(join(own, '.gitignore'), 'utf8'), '*\n')
    for (const entry of readdirSync(own, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) assert.equal(statSync(join(entry.parentPath, entry.name)).mode & 0o777, 0o600, entry.name)
    }
    assert.ok(existsSync(join(own, 'plc_signed_operation.json')))
  })
})

/** Runs a step; answers its status and what it said. */
async function run(name, { env = {}, more = [] } = {}) {
  const given = { PATH: process.env.PATH, ...variables, ...env }
  return new Promise((done) => {
    execFile(binary, ['migrate-account', name, '--folder', own, ...more], { env: given }, (error, stdout, stderr) => {
      said.push(stdout, stderr)
      remember(...issued())
      done({ status: error ? error.code : 0, stdout, stderr })
    }).stdin.end()
  })
}

/** The same where only success will do. */
async function step(name, expected, ...more) {
  const { status, stdout, stderr } = await run(name, { more })
  assert.equal(status, 0, `${name}: ${stderr}`)
  assert.match(stdout, expected)
}

/** What the folder has of secrets. */
function issued() {
  if (!existsSync(own)) return []
  const files = ['old_session.json', 'new_session.json', 'service_auth_create_account.json'].filter((name) => existsSync(join(own, name)))
  return files.flatMap((name) => ['accessJwt', 'refreshJwt', 'token'].map((member) => token(name, member)))
}

const token = (file, member) => JSON.parse(readFileSync(join(own, file), 'utf8'))[member]

/** The codes for the identity that the source has sent by letter and that are good still. */
function codes() {
  const database = new Database(join(source.at, 'account.sqlite'), { readonly: true })
  const rows = database.prepare("select token from email_token where purpose = 'plc_operation'").all()
  database.close()
  remember(...rows.map(({ token }) => token))
  return rows.map(({ token }) => token)
}

async function blob(bytes, kind) {
  const answer = await fetch(`${source.publicUrl}/xrpc/com.atproto.repo.uploadBlob`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alice.bearer}`, 'content-type': kind },
    body: bytes,
  })
  assert.equal(answer.status, 200, await answer.clone().text())
  return (await answer.json()).blob
}

async function write(text, picture) {
  const value = { $type: collection, text, picture }
  const input = { repo: alice.did, collection, record: value }
  const { uri } = await succeed(source.publicUrl, 'com.atproto.repo.createRecord', { bearer: alice.bearer, input })
  return { rkey: uri.split('/').at(-1), value }
}
