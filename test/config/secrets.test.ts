import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { identityOf, isSecretName, secretsInCredentials, secretsOf, shownAddress } from '../../src/config/secrets.ts';
import { read } from './read.ts';

it('finds every secret of a configuration, and nothing else', () => {
	const config = read(`
server:
  adminKey: admin-key-0123456789
  clients: { app: { key: [client-key-0123456789, client-key-9876543210] } }
providers:
  a:
    baseUrl: https://a.example/v1?sig=query-secret
    apiKey: [key-1, key-2]
    headers: { X-Auth-Token: header-secret, X-Title: shown }
profiles:
  default: { chain: [{ target: a/m, headers: { Cookie: target-secret, X-Title: shown } }] }
`);
	expect(secretsOf(config).toSorted()).toEqual(
		[
			'admin-key-0123456789',
			'client-key-0123456789',
			'client-key-9876543210',
			'query-secret',
			'key-1',
			'key-2',
			'header-secret',
			'target-secret',
		].toSorted(),
	);
});

it('finds what keys are fetched with', () => {
	const config = read(`
providers:
  a:
    baseUrl: https://a.example/v1
    apiKey:
      - { oauth: { tokenUrl: "https://login.example/token?sig=query-secret", clientId: shown, clientSecret: client-secret } }
      - { command: [print, key] }
      - { file: key }
profiles:
  default: { chain: [a/m] }
`);
	expect(secretsOf(config).toSorted()).toEqual(['client-secret', 'query-secret']);
	const [oauth, command, file] = config.providers.a?.credentials ?? [];
	const identities = [oauth, command, file].map((credential) => credential && identityOf(credential));
	expect(new Set(identities).size).toBe(3);
	expect(identityOf({ id: 'b', source: '' })).toBeUndefined();
});

it('finds what is in headers of any name, but for those that are well known and for switches', () => {
	const config = read(`
providers:
  a:
    baseUrl: https://a.example/v1
    headers: { X-Org-Pass: swordfish, X-Signature: c2lnbmVk, Session: s-77, Accept: shown, X-Wait: 'true', X-Version: '3' }
profiles:
  default: { chain: [a/m] }
`);
	expect(secretsOf(config).toSorted()).toEqual(['c2lnbmVk', 's-77', 'swordfish']);
});

it('finds what is set in requests, where it came from the environment or looks like a secret', () => {
	const text = `
providers:
  a:
    baseUrl: https://a.example/v1
    request: { defaults: { user: "\${TENANT}", service_tier: flex, n: "\${COUNT}", stop: [END, sk-literal-12345] } }
    models: { m: { request: { force: { metadata: { api_token: swordfish, team: search } } } } }
profiles:
  default: { chain: [{ target: a/m, request: { force: { extra: ["Bearer \${PASS}"], max_tokens: 5 } } }] }
`;
	const env = { TENANT: 'acme-tenant', PASS: 'pass-1', COUNT: '2' };
	const config = parseConfig(text, { file: 'f.yaml', env });
	expect(secretsOf(config).toSorted()).toEqual(
		['acme-tenant', 'sk-literal-12345', 'swordfish', 'Bearer pass-1', 'pass-1'].toSorted(),
	);
});

it('finds what is in addresses, as it is written and as it is meant', () => {
	const config = read(`
notifications: { webhooks: [{ url: 'https://hooks.example/services/T0A1B2C3D4/B9Z8Y7X6W5/AbCdEf123456GhIj', headers: { X-Hook: hook-pass } }] }
providers:
  a: { baseUrl: 'https://a.example/t/p%61th-s3cr3t%2Bx1y2/v1?api-version=2024-10-21&sig=ab%2Fcd+ef' }
  b: { baseUrl: 'https://b.example/openai/deployments/gpt-5.4-mini-2026-03-17/v1beta1?sk-bare4567890' }
profiles:
  default: { chain: [a/m, b/m] }
`);
	expect(secretsOf(config).toSorted()).toEqual(
		[
			...['p%61th-s3cr3t%2Bx1y2', 'path-s3cr3t+x1y2', 'ab%2Fcd+ef', 'ab/cd+ef', 'ab/cd ef', 'sk-bare4567890'],
			...['T0A1B2C3D4', 'B9Z8Y7X6W5', 'AbCdEf123456GhIj', 'hook-pass'],
		].toSorted(),
	);
});

it.each([
	['https://api.example.com/openai/v1', 'https://api.example.com/openai/v1'],
	['http://127.0.0.1:11434', 'http://127.0.0.1:11434'],
	['https://a.example/v1?key=x', 'https://a.example/v1?…'],
	['https://a.example/accounts/023e105f4ecef8ad9ca31a8372d0c353/ai/v1', 'https://a.example/accounts/…/ai/v1'],
	['https://a.example/token/swordfish/v1', 'https://a.example/token/…/v1'],
	['https://a.example/path-secret-canary/v1', 'https://a.example/…/v1'],
	['https://a.example/sk-live_abc123def/v1', 'https://a.example/…/v1'],
	['https://a.example/3f2504e0-4f89-41d3-9a0c-0305e82c3301/v1', 'https://a.example/…/v1'],
])('%s is shown as %s', (url, shown) => {
	expect(shownAddress(url)).toBe(shown);
});

it.each([
	['swordfish', ['swordfish']],
	['Bearer abc.def', ['Bearer abc.def', 'abc.def']],
	['Basic dXNlcjpwYTpzcw==', ['Basic dXNlcjpwYTpzcw==', 'dXNlcjpwYTpzcw==', 'user:pa:ss', 'pa:ss']],
])('%s gives away %j', (value, parts) => {
	expect(secretsInCredentials(value)).toEqual(parts);
});

it.each([
	...['Authorization', 'x-api-key', 'X-TOKEN', 'cookie', 'client_secret', 'db-password'],
	...['X-Org-Pass', 'X-Signature', 'Session', 'X-Amz-Credential'],
])('%s is the name of a secret', (name) => {
	expect(isSecretName(name)).toBe(true);
});

it.each(['X-Title', 'HTTP-Referer', 'accept', 'X-Passthrough', 'X-Compass', 'X-Design'])('%s is not', (name) => {
	expect(isSecretName(name)).toBe(false);
});
