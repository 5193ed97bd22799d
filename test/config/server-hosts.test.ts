import { expect, it } from 'vitest';
import { problemsOf, read, smallest } from './read.ts';

const withServer = (text: string) => `${smallest}server:\n${text}\n`;

it('names of this machine and origins of pages are read', () => {
	const { server } = read(withServer('  hosts: [gateway.lan]\n  corsOrigins: ["http://localhost:3000", "app://-"]'));
	expect(server).toMatchObject({ hosts: ['gateway.lan'], corsOrigins: ['http://localhost:3000', 'app://-'] });
});

it('every origin will do where callers have keys', () => {
	const text = '  corsOrigins: ["*"]\n  clients: { web: { key: planted-key-00000001 } }';
	expect(read(withServer(text)).server.corsOrigins).toEqual(['*']);
});

it.each([
	['  hosts: [http://gateway.lan]', '6:11: `server.hosts[0]` is not the name of a host'],
	['  hosts: ["gateway.lan:80"]', '6:11: `server.hosts[0]` is not the name of a host'],
	['  hosts: []', '6:10: `server.hosts` is empty'],
	['  corsOrigins: [localhost:3000]', '6:17: `server.corsOrigins[0]` is not an origin'],
	['  corsOrigins: ["http://localhost:3000/app"]', '6:17: `server.corsOrigins[0]` is not an origin'],
	['  corsOrigins: ["http://*.example"]', '6:17: `server.corsOrigins[0]` is not an origin'],
	['  corsOrigins: [app://x, "*"]', '6:26: `server.corsOrigins[1]` lets every page in a browser spend'],
])('%s is refused at its place', (text, problem) => {
	expect(problemsOf(withServer(text))).toEqual([expect.stringContaining(problem)]);
});
