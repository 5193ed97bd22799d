import { expect, it } from 'vitest';
import { isOfOwnNetwork } from '../../src/values/own-network.ts';

it.each([
	...['localhost', '127.0.0.1', '[::1]', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.20', '169.254.1.1'],
	...[
		'[fd00::1]',
		'[fe80::1]',
		'ollama',
		'models.lan',
		'host.docker.internal',
		'studio.local',
		'box.home.arpa',
		'NAS.LAN',
	],
])('%s is of the own network', (host) => {
	expect(isOfOwnNetwork(host)).toBe(true);
});

it.each([
	...['api.openai.com', '8.8.8.8', '172.32.0.1', '11.0.0.1', '[2001:db8::1]', 'local.example.com', 'lan.example'],
])('%s is not', (host) => {
	expect(isOfOwnNetwork(host)).toBe(false);
});
