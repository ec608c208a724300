// A certified OpenID Connect provider (oidc-provider) on the loopback, as the identity provider of the tests:
//   node provider.mjs PORT REDIRECT_URI
// Its own pages ask for a login and any password; the login is the e-mail address. that of the commune is not verified.
import Provider from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'mosaique', client_secret: 'secret-du-test', redirect_uris: [redirect], response_types: ['code'], grant_types: ['authorization_code'] }],
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id, email_verified: !id.startsWith('commune@') }) }),
  cookies: { keys: ['un secret de test'] },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('prêt'));
